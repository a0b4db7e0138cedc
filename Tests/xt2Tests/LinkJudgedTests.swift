import Foundation
import TestSupport
import Testing

/// arptables and ebtables, with the real programs as the judges.
@Suite struct LinkJudgedTests {
    private func judge(_ lines: String) throws {
        let judged = try Judged()
        defer { judged.stop() }
        try judged.expectSame(lines)
    }

    /// Each option of each extension, in one file: the same rules in the kernel, the same text of them.
    @Test(arguments: ["arptables", "ebtables"])
    func allOptions(_ program: String) throws {
        let judged = try Judged()
        defer { judged.stop() }
        let file =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().path + "/Fixtures/iptables/\(program).txt"
        let lines = try String(contentsOfFile: file, encoding: .utf8)
        let restore = "\(program)-restore"
        judged.expectSame(
            try judged.ours(restore, input: "*filter\n" + lines),
            try judged.real(restore, input: "*filter\n" + lines), restore)
        try judged.expectSame(
            """
            \(program)-save
            \(program) -L
            \(program)-save > $SAVED
            \(program)-restore < $SAVED
            \(program)-save
            """)
        // Each line deletes the rule that it made.
        for line in lines.split(separator: "\n") where !line.contains(" -c ") {
            let deletion = program + " -D" + line.dropFirst(2)
            let result = try judged.ours(deletion)
            #expect(result.status == 0, "\(deletion): \(result.errors)")
        }
        let left = try judged.ours("\(program)-save").output.split(separator: "\n")
        #expect(left.count { $0.hasPrefix("-A") } == 1, "\(left)")
    }

    /// Numbers with masks, which arptables 1.8.9 loses when it saves them.
    @Test func masksOfARPAreSaved() throws {
        let judged = try Judged()
        defer { judged.stop() }
        let rules = [
            "--opcode 3/7", "! --h-type 1", "--h-type 0x20", "--h-type 3/7",
            "--proto-type 0x806/0xff00",
            "--dst-mac 00:11:00:00:00:00/ff:ff:00:00:00:00",
        ]
        for rule in rules { _ = try judged.ours("arptables -A INPUT \(rule)") }
        let listed = try judged.daemon.namespace.run {
            try Command.check("nft", "-s", "list", "ruleset")
        }
        let saved = try judged.ours("arptables-save | tee $SAVED").output
        for rule in rules { #expect(saved.contains("-A INPUT \(rule)\n"), "\(saved)") }
        _ = try judged.ours("arptables -F; arptables-restore < $SAVED")
        let restored = try judged.daemon.namespace.run {
            try Command.check("nft", "-s", "list", "ruleset")
        }
        func counting(_ listing: String) -> [Substring] {
            listing.split(separator: "\n").filter { $0.contains("arp ") && $0.contains("counter") }
        }
        #expect(counting(restored) == counting(listed) && counting(listed).count == 6)
    }

    @Test func arptables() throws {
        try judge(
            """
            arptables -S
            arptables -L
            arptables-save
            arptables -A INPUT -s 10.0.0.1 -j DROP
            arptables -A INPUT -s 10.0.0.1,10.0.0.2 -d 1.2.3.0/24 -j ACCEPT
            arptables -I INPUT 2 --opcode 2 ! --src-mac 00:11:22:33:44:55 -j ACCEPT
            arptables -A INPUT --src-mac 00:11:22:33:44:55/ff:ff:00:ff:00:00
            arptables -A INPUT --dst-mac 00:00:00:00:00:01 -d ! 1.2.3.4
            arptables -A INPUT ! --opcode Reply --h-type 0x6 --proto-type ipv4
            arptables -A INPUT --opcode Request -s 10.0.0.1/24 --source-mac 00:11:22:33:44:55 -i eth0 -j mangle --mangle-ip-s 1.2.3.4 --mangle-target DROP
            arptables -A INPUT -l 6
            arptables -A INPUT -i eth+
            arptables -A OUTPUT ! -o eth0 -c 5 6 -j mangle --mangle-mac-s 00:11:22:33:44:55
            arptables -A OUTPUT -j MARK --set-mark 5
            arptables -A OUTPUT -j CLASSIFY --set-class 1:2
            arptables -A OUTPUT -p tcp
            arptables -L
            arptables -L -v
            arptables -L -n
            arptables -L -n -v -x --line-numbers
            arptables -S
            arptables -S -v
            arptables -S INPUT 2
            arptables -L INPUT 2
            arptables-save -c
            arptables -N foo
            arptables -N foo
            arptables -A foo -j RETURN
            arptables -A INPUT -j foo
            arptables -L
            arptables -P OUTPUT DROP
            arptables -P foo DROP
            arptables -C INPUT -s 10.0.0.1 -j DROP
            arptables -C INPUT -s 10.0.0.9 -j DROP
            arptables -D INPUT -s 10.0.0.1 -j DROP
            arptables -D INPUT -s 10.0.0.1 -j DROP
            arptables -D INPUT 2
            arptables -D INPUT 22
            arptables -R INPUT 1 -s 1.1.1.1
            arptables -E foo bar
            arptables -X bar
            arptables -Z
            arptables-save > $SAVED
            arptables -F
            arptables-restore < $SAVED
            arptables-save
            """)
    }

    @Test func whatArptablesRefuses() throws {
        try judge(
            """
            arptables
            arptables -V
            arptables -A INPUT -l 8
            arptables -A INPUT --opcode foo
            arptables -A INPUT --h-type foo
            arptables -A INPUT --proto-type foo
            arptables -A INPUT --src-mac foo
            arptables -A INPUT --dst-mac foo
            arptables -A INPUT -i eth+ ! -o eth0
            arptables -A OUTPUT -j mangle
            arptables -A OUTPUT -g foo
            arptables -A OUTPUT -m foo
            arptables -A OUTPUT -w -j DROP
            arptables -A INPUT --foo
            arptables -A nochain
            arptables -A INPUT -j nochain
            arptables -t nat -L
            arptables -Z --h-length 6
            arptables -D INPUT 1 -s 1.2.3.4
            arptables-save -t nat
            printf '*filter\\n:INPUT ACCEPT\\n-A INPUT --foo\\n' | arptables-restore
            printf '*filter\\n:INPUT DROP [0:0]\\n:zz -\\n-A INPUT -j zz\\n[3:4] -A zz -j RETURN\\n-A zz -c 3 5\\n' | arptables-restore
            arptables-save -c
            """)
    }

    @Test func ebtables() throws {
        try judge(
            """
            ebtables -L
            ebtables -A INPUT -p ipv4 --ip-src 10.0.0.1 --ip-proto tcp --ip-dport 80 -j DROP
            ebtables -A INPUT --among-src 00:11:22:33:44:55=1.2.3.4,00:11:22:33:44:56 -j DROP
            ebtables -A INPUT --among-dst ! 00:11:22:33:44:55,00:11:22:33:44:56 -j DROP
            ebtables -A INPUT --among-src 00:11:22:33:44:55=10.0.0.1 --among-dst 00:11:22:33:44:55 -j DROP
            ebtables -A INPUT --limit 5/s --limit-burst 3
            ebtables -A INPUT --mark 5 -j ACCEPT
            ebtables -A FORWARD -d BGA --stp-type 1 -j DROP
            ebtables -A FORWARD -p LENGTH --802_3-sap 0x42 -j DROP
            ebtables -A FORWARD --pkttype-type multicast --log --log-prefix "x y" --log-ip -j CONTINUE
            ebtables -A FORWARD --nflog-group 3 -j ACCEPT
            ebtables -A FORWARD -p 802_1Q --vlan-id 5 -j ACCEPT
            ebtables -A FORWARD -p ipv6 --ip6-src fe80::/10 -j ACCEPT
            ebtables -A FORWARD -p arp --arp-op Request --arp-ip-dst 1.2.3.4 -j ACCEPT
            ebtables -t nat -A PREROUTING -p arp --arp-op Request -j arpreply --arpreply-mac 00:11:22:33:44:55
            ebtables -t nat -A PREROUTING -j dnat --to-dst 00:11:22:33:44:55
            ebtables -t nat -A POSTROUTING -s 00:11:22:33:44:55 -j snat --to-src 00:11:22:33:44:56 --snat-target ACCEPT
            ebtables -t nat -A PREROUTING -j redirect
            ebtables -A FORWARD -j mark --mark-set 5 --mark-target CONTINUE
            ebtables -A INPUT ! -i eth0 -s ! 00:11:22:33:44:55/ff:ff:00:00:00:00 ! -d Unicast -p ! 0x1234 -j CONTINUE
            ebtables -A FORWARD -i eth+ ! -o foo+ -c 3 4 -p LENGTH
            ebtables -A INPUT -p ipv4 --ip-src 1.2.3.4 ! --ip-dst 1.2.3.0/24 ! --ip-proto udp
            ebtables -I FORWARD 2 -j RETURN
            ebtables -I FORWARD 70 -j RETURN
            ebtables -I FORWARD -j ACCEPT
            ebtables --check FORWARD -j ACCEPT
            ebtables --check FORWARD -j DROP
            ebtables -L --Lc
            ebtables -L --Ln
            ebtables -L --Lx
            ebtables -L -t nat
            ebtables -L INPUT
            ebtables-save
            ebtables-save -c
            ebtables-save -t nat
            ebtables -D FORWARD 1
            ebtables -D FORWARD 90
            ebtables -D FORWARD 2:2
            ebtables -D FORWARD -p ipv6 -j ACCEPT
            ebtables -D FORWARD --nflog-group 3 -j ACCEPT
            ebtables -Z
            ebtables -L INPUT -Z
            ebtables-save > $SAVED
            ebtables -F
            ebtables-restore < $SAVED
            ebtables-save
            ebtables -t nat -F
            ebtables -t nat -L
            """)
    }

    /// As ebtables(8) says; 1.8.9 itself skips every other rule.
    @Test func rangesOfRulesAreDeleted() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for chain in ["INPUT", "mine"] {
            _ = try judged.ours("ebtables -N mine")
            for mark in 1...6 { _ = try judged.ours("ebtables -A \(chain) --mark \(mark)") }
            #expect(try judged.ours("ebtables -D \(chain) 2:4").status == 0)
            #expect(try judged.ours("ebtables -D \(chain) 7:8").status == 1)
            let rules = try judged.ours("ebtables -L \(chain)").output.split(separator: "\n")
                .filter { $0.hasPrefix("--mark") }
            #expect(
                rules == [
                    "--mark 0x1 -j CONTINUE", "--mark 0x5 -j CONTINUE", "--mark 0x6 -j CONTINUE",
                ]
            )
        }
    }

    @Test func chainsOfEbtablesHavePolicies() throws {
        try judge(
            """
            ebtables -N foo
            ebtables -N foo
            ebtables -N INPUT
            ebtables -N bar -P DROP
            ebtables -A FORWARD -j foo
            ebtables -A foo -s Broadcast -j DROP
            ebtables -I foo -j RETURN
            ebtables -I foo 3 -d Multicast -j ACCEPT
            ebtables -I foo 9 -j ACCEPT
            ebtables -L foo --Ln
            ebtables-save
            ebtables -P foo DROP
            ebtables-save
            ebtables -P foo RETURN
            ebtables-save
            ebtables -P INPUT RETURN
            ebtables -P INPUT DROP
            ebtables -P nochain DROP
            ebtables -P INPUT foo
            ebtables -L
            ebtables -X foo
            ebtables -X nochain
            ebtables -D foo 1
            ebtables -D foo -s Broadcast -j DROP
            ebtables -D foo 5
            ebtables -D FORWARD -j foo
            ebtables -X foo
            ebtables -F foo
            ebtables -X foo
            ebtables -v -A bar -j DROP
            ebtables -v -D bar -j DROP
            ebtables -v -D bar -j DROP
            ebtables -v -A nochain -j ACCEPT
            ebtables -v -F bar
            ebtables -E bar other
            ebtables -A other -j RETURN
            ebtables-save
            ebtables -F
            ebtables-save
            ebtables -X
            ebtables --init-table
            ebtables-save
            printf '*filter\\n:INPUT DROP\\n:zz DROP\\n-A INPUT -j zz\\n[3:4] -A zz -j RETURN\\n-A zz -c 3 5\\n' | ebtables-restore
            ebtables-save -c
            printf '*filter\\n:INPUT DROP\\n:zz ACCEPT\\n-A zz -j RETURN\\n' | ebtables-restore
            ebtables-save -c
            """)
    }

    @Test func whatEbtablesRefuses() throws {
        try judge(
            """
            ebtables -V
            ebtables -C INPUT -p ipv4 5 6
            ebtables -L nochain
            ebtables -A nochain -j DROP
            ebtables -A INPUT -j nochain
            ebtables -A INPUT -i eth0 -i eth1
            ebtables -A INPUT -o eth0
            ebtables -A OUTPUT -i eth0
            ebtables -A INPUT --foo
            ebtables -A INPUT foo
            ebtables -A INPUT -p foo
            ebtables -A INPUT -p 12
            ebtables -A INPUT -s foo
            ebtables -A INPUT --ip-src 1.2.3.4
            ebtables -A INPUT -p ipv4 --ip-src
            ebtables -A INPUT -j mark
            ebtables -A INPUT -j snat --to-src 00:11:22:33:44:55
            ebtables -t foo -L
            ebtables -t broute -L
            ebtables -L -A INPUT
            ebtables -L --Ln --Lx
            ebtables --Lc -L
            ebtables -A FORWARD --Ln
            ebtables -A FORWARD --Lmac2
            ebtables -D FORWARD 1 -v
            ebtables -D FORWARD 1 -j DROP
            ebtables -E u v -v
            ebtables -P FORWARD DROP foo
            ebtables -P FORWARD DROP -v
            ebtables -A FORWARD --nosuch -j ACCEPT
            ebtables -A FORWARD --802_3-sap 0x42
            ebtables -h nosuch
            printf '*filter\\n:INPUT ACCEPT\\n:zz DROP\\n-A INPUT --foo\\n' | ebtables-restore
            ebtables-save
            """)
    }
}
