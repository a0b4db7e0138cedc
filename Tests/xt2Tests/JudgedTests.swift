import Foundation
import TestSupport
import Testing

/// The commands of iptables under their own names, with the real iptables-nft as the judge.
@Suite struct JudgedTests {
    private func judge(_ lines: String) throws {
        let judged = try Judged()
        defer { judged.stop() }
        try judged.expectSame(lines)
    }

    @Test func aFreshMachineShowsItsChains() throws {
        try judge(
            """
            iptables -S
            iptables -L
            iptables -L -n -v
            iptables -t nat -S
            iptables -t mangle -L -n
            ip6tables -S
            ip6tables -t raw -L
            iptables -S INPUT
            iptables -L FORWARD
            iptables -S nochain
            iptables -L nochain
            iptables-save
            iptables-save -t nat
            iptables-save -t nosuch
            ip6tables-save
            iptables -F
            iptables -Z
            iptables -X
            """)
    }

    @Test func rulesComeAndGo() throws {
        try judge(
            """
            iptables -A INPUT -p tcp --dport 22 -j ACCEPT
            iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            iptables -I INPUT 2 -i lo -j ACCEPT
            iptables -I INPUT 9 -j DROP
            iptables -I INPUT 0 -j DROP
            iptables -A INPUT -s 10.0.0.0/8,192.168.0.0/16 -d 1.2.3.4 -p udp --dport 53 -j DROP
            iptables -I INPUT -s 1.1.1.1,2.2.2.2 -j ACCEPT
            iptables -S
            iptables -S INPUT 2
            iptables -S INPUT 99
            iptables -C INPUT -p tcp --dport 22 -j ACCEPT
            iptables -C INPUT -p tcp --dport 23 -j ACCEPT
            iptables -C nochain -j ACCEPT
            iptables -R INPUT 3 -p icmp --icmp-type echo-request -j ACCEPT
            iptables -R INPUT 99 -j ACCEPT
            iptables -R INPUT 1 -s 1.2.3.4,5.6.7.8 -j DROP
            iptables -D INPUT 2
            iptables -D INPUT 99
            iptables -D INPUT 0
            iptables -D INPUT x
            iptables -D INPUT -p tcp --dport 22 -j ACCEPT
            iptables -D INPUT -p tcp --dport 22 -j ACCEPT
            iptables -D INPUT -s 1.1.1.1,9.9.9.9 -j ACCEPT
            iptables -D nochain -j ACCEPT
            iptables -D nochain 1
            iptables -A nochain -j ACCEPT
            iptables -I nochain 2 -j ACCEPT
            iptables -R nochain 1 -j ACCEPT
            iptables -A INPUT -j nochain
            iptables -A INPUT -g nochain
            iptables -A nochain -j nochain2
            iptables -D INPUT -j nochain
            iptables -D nochain -j nochain2
            iptables -C INPUT -j nochain
            iptables -I INPUT 99 -j nochain
            iptables -R INPUT 99 -j nochain
            iptables -A INPUT -j FORWARD
            iptables -A INPUT -j INPUT
            iptables -A FORWARD -c 123456 99999 -j ACCEPT
            iptables -A FORWARD -c 99999,100000 -m comment --comment "two words" -j ACCEPT
            iptables -A FORWARD -c 9999499 9999500 -m comment --comment "-j in here" -j DROP
            iptables -A FORWARD -c 99999999999 9999999999999
            iptables -A FORWARD ! -i eth0 -o eth+ ! -s 1.2.3.0/24 -d 100.200.100.128/255.255.255.128 ! -p tcp -j ACCEPT
            iptables -L -n
            iptables -L -n -v
            iptables -L -n -v -x --line-numbers
            iptables -nvL FORWARD --line
            iptables -L FORWARD 1 -v -n
            iptables -vS
            iptables-save
            iptables-save -c
            iptables-save -c -t filter
            iptables -Z FORWARD 2
            iptables -vnL FORWARD
            iptables -Z FORWARD
            iptables -vnxL FORWARD
            iptables -F INPUT
            iptables -F nochain
            iptables -S
            iptables -F
            iptables -S
            """)
    }

    @Test func chainsComeAndGo() throws {
        try judge(
            """
            iptables -N foo
            iptables -N foo
            iptables -N INPUT
            iptables -N ACCEPT
            iptables -N MARK
            iptables -N -x
            iptables -N '!foo'
            iptables -N 'f oo'
            iptables -N aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            iptables -N zeta
            iptables -N Alpha
            iptables -A INPUT -j foo
            iptables -A FORWARD -g foo
            iptables -A foo -j zeta
            iptables -L
            iptables -L foo
            iptables -L zeta -v
            iptables -S
            iptables -X foo
            iptables -X nochain
            iptables -X INPUT
            iptables -X
            iptables -E foo bar
            iptables -E foo bar
            iptables -E nochain other
            iptables -E bar INPUT
            iptables -E bar zeta
            iptables -S
            iptables -P INPUT DROP
            iptables -P FORWARD DROP
            iptables -P INPUT foo
            iptables -P bar DROP
            iptables -P nochain DROP
            iptables -t nat -P OUTPUT DROP
            iptables -t mangle -P OUTPUT DROP
            iptables -L -v -n
            iptables-save
            iptables -F
            iptables -X
            iptables -S
            iptables -P INPUT ACCEPT
            iptables -t mangle -A OUTPUT -j ACCEPT
            iptables -t raw -A PREROUTING -p udp -j CT --notrack
            iptables -t security -A INPUT -j ACCEPT
            iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
            iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080
            iptables -t nat -A OUTPUT -j RETURN
            iptables -t nat -A INPUT -s 10.0.0.1 -j SNAT --to-source 1.2.3.4
            ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
            ip6tables -A FORWARD -s fe80::/10 -j DROP
            ip6tables -nvL
            iptables-save
            ip6tables-save
            """)
    }

    @Test func whatCannotBeUnderstoodIsRefusedInTheSameWords() throws {
        try judge(
            """
            iptables
            iptables -A
            iptables -A INPUT -A FORWARD
            iptables -A INPUT foo
            iptables --foo
            iptables -A INPUT --foo
            iptables -y
            iptables -L -S
            iptables -P INPUT
            iptables -E foo
            iptables -R INPUT
            iptables -L -s 1.2.3.4
            iptables -A INPUT -n
            iptables -A INPUT --line-numbers
            iptables -F -x
            iptables ! -A INPUT
            iptables ! ! -A INPUT
            iptables -w x -A INPUT -j ACCEPT
            iptables -6 -A INPUT -j ACCEPT
            iptables -A INPUT -c 5 -j ACCEPT
            iptables -A INPUT -c x y -j ACCEPT
            iptables --lis INPUT
            iptables --delete INPUT 1 2
            iptables -D INPUT 1 -j ACCEPT
            iptables -t nosuch -S
            iptables -A INPUT -j
            iptables -A INPUT -p tcp -p udp
            iptables -I INPUT x -j ACCEPT
            iptables -I INPUT -1 -j ACCEPT
            iptables -I INPUT 99999999999 -j ACCEPT
            iptables -A INPUT -m nosuch -j ACCEPT
            iptables -S INPUT FORWARD
            iptables -F INPUT FORWARD
            iptables -A INPUT -o eth0
            iptables -A OUTPUT -i eth0
            iptables -A INPUT -j ACCEPT !
            iptables -F -Z
            iptables -A INPUT -p tcp --dport
            iptables -A INPUT -p tcp --dport foo
            iptables -A INPUT --dport 22
            iptables -A INPUT -s 1.2.3.4/33
            iptables -A INPUT -p foo
            iptables -A INPUT -s 1.2.3.4 -s 1.2.3.5
            iptables -A INPUT -s ! 1.2.3.4
            iptables -A INPUT -m state --state FOO
            iptables -A INPUT -j REJECT --reject-with foo
            iptables -A INPUT -i averylongname123
            iptables -t nat -A PREROUTING -p tcp -j DNAT
            iptables-save foo
            iptables-save --foo
            iptables-save -4
            iptables-restore --foo
            iptables-restore /nonexistent
            """)
    }

    @Test func optionsMayBeShortLongAndCutShort() throws {
        try judge(
            """
            iptables -V
            ip6tables --version
            iptables-save -V
            iptables-restore --version
            iptables -A INPUT -w 5 -j ACCEPT
            iptables -w -A INPUT -j ACCEPT
            iptables -w5 -A INPUT -j ACCEPT
            iptables --wait=5 -A INPUT -j ACCEPT
            iptables -4 -A INPUT -j ACCEPT
            iptables --app INPUT --ju ACCEPT --proto tcp
            iptables --append INPUT --jump ACCEPT
            iptables -v -A INPUT -s 1.2.3.4,5.6.7.8 -p udp -j DROP
            iptables -v -I INPUT 2 ! -i eth0 -j DROP
            iptables -v -R INPUT 1 -p icmp -j DROP
            iptables -v -C INPUT -p icmp -j DROP
            iptables -v -D INPUT 2
            iptables -v -D INPUT -s 1.2.3.4,5.6.7.8 -p udp -j DROP
            iptables -N side
            iptables -v -A INPUT -p tcp --dport 22 -m state --state NEW -j LOG --log-prefix x
            iptables -v -A INPUT -p tcp --dport 22 -g side
            iptables -v -A INPUT -g side
            iptables -v -A INPUT -m comment --comment "a b"
            ip6tables -v -A INPUT -s fe80::1 -p tcp --dport 22 -j REJECT
            iptables -t nat -v -A PREROUTING -p tcp -j DNAT --to 1.2.3.4:5
            arptables -v -A INPUT -s 1.2.3.4 -j DROP
            ebtables -v -A INPUT -p ipv4 -j DROP
            iptables -v -A nochain -j ACCEPT
            iptables -v -I nochain -j ACCEPT
            iptables -v -I INPUT 99 -j ACCEPT
            iptables -v -C INPUT -s 9.9.9.9 -j DROP
            iptables -v -A OUTPUT -m mac --mac-source 00:11:22:33:44:55
            iptables -v -X side
            iptables -v -F INPUT
            iptables -X side
            iptables -v -N foo
            iptables -v -X foo
            iptables --list-rules INPUT
            iptables --list INPUT --numeric
            iptables -tfilter -S
            iptables -t filter -t nat -S
            iptables --table=filter -vS
            iptables -LINPUT
            iptables -vnL INPUT
            iptables -Lvn
            iptables --modprobe=/bin/true -S INPUT
            iptables -M /bin/true -S INPUT
            iptables -A INPUT -f -j ACCEPT
            iptables -m limit -h | sed -n '/^limit match/,$p'
            iptables -p tcp -h | sed -n '/^tcp match/,$p'
            iptables -j SNAT -h | sed -n '/^SNAT target/,$p'
            iptables -L -Z
            iptables -L INPUT -Z
            iptables-save -M /bin/true -t filter
            """)
    }

    /// What policies have counted: shown, set to zero, taken from a file.
    @Test func policiesCount() throws {
        try judge(
            """
            iptables -A INPUT -s 9.9.9.9 -j DROP
            iptables -A FORWARD -s 9.9.9.9 -j DROP
            iptables -A OUTPUT -s 9.9.9.9 -j DROP
            iptables -Z
            ping -n -q -c 2 127.0.0.1 | grep -c '2 received'
            iptables -S -v
            iptables -L -v -n
            iptables -L OUTPUT -v -n -x
            iptables-save
            iptables-save -c
            iptables -A INPUT -s 9.9.9.8 -j DROP
            iptables -S -v INPUT
            iptables -L INPUT -v -n -Z
            iptables -S -v
            iptables -P OUTPUT ACCEPT
            iptables -S -v
            ping -n -q -c 1 127.0.0.1 | grep -c '1 received'
            iptables -Z INPUT
            iptables -Z OUTPUT 1
            iptables -S -v
            iptables -F
            iptables -D OUTPUT 1
            iptables -S -v
            printf '*filter\\n:INPUT ACCEPT [123456:12345678]\\n:FORWARD DROP [99999999:8000000000000]\\n:OUTPUT - [5:6]\\nCOMMIT\\n' | iptables-restore -c
            iptables-save
            iptables -L -v -n
            iptables -L -v -n -x
            ping -n -q -c 1 127.0.0.1 | grep -c '1 received'
            iptables-save -c
            printf '*filter\\n:INPUT ACCEPT [7:8]\\n:FORWARD ACCEPT [0:0]\\n:x - [9:9]\\n-A FORWARD -j x\\nCOMMIT\\n' | iptables-restore -c
            iptables-save -c
            iptables -P INPUT DROP -c 5 6
            iptables -S -v
            printf '*filter\\n:INPUT ACCEPT\\nCOMMIT\\n' | iptables-restore -c
            printf '*filter\\n:INPUT ACCEPT [1]\\nCOMMIT\\n' | iptables-restore -c
            printf '*filter\\n:INPUT ACCEPT [a:b]\\nCOMMIT\\n' | iptables-restore -c
            iptables-save
            arptables -P INPUT DROP
            arptables -L -v
            """)
    }

    /// Counting is state: it makes no version, and survives what others are about.
    @Test func countersOfPoliciesAreNoVersions() throws {
        let judged = try Judged()
        defer { judged.stop() }
        func policies() throws -> String {
            try judged.ours("iptables -S -v | grep '^-P'").output
        }
        for chain in ["INPUT", "FORWARD", "OUTPUT"] {
            _ = try judged.ours("iptables -A \(chain) -s 9.9.9.9 -d 8.8.8.8")
        }
        _ = try judged.ours("ping -n -q -c 2 127.0.0.1")
        let counted = try policies()
        #expect(
            counted
                == "-P INPUT ACCEPT -c 4 336\n-P FORWARD ACCEPT -c 0 0\n-P OUTPUT ACCEPT -c 4 336\n"
        )
        _ = try judged.ours("iptables -A INPUT -s 9.9.9.7; iptables -D INPUT 1; iptables -N x")
        #expect(try policies() == counted)
        let versions = try judged.daemon.check("log").split(separator: "\n").count
        _ = try judged.ours("iptables -Z")
        #expect(try policies().contains("-P INPUT ACCEPT -c 0 0"))
        let text = "*filter\n:INPUT ACCEPT [3:4]\nCOMMIT\n"
        #expect(try judged.ours("iptables-restore -n -c", input: text).status == 0)
        #expect(try policies().hasPrefix("-P INPUT ACCEPT -c 3 4\n"))
        #expect(try judged.daemon.check("log").split(separator: "\n").count == versions)
        _ = try judged.daemon.check("check")
    }

    @Test func oddUse() throws {
        try judge(
            """
            iptables --appe INPUT --protoc tcp -m tcp --dpo 80 --jump ACCEPT
            iptables --inse INPUT -j ACCEPT
            iptables --dele INPUT 1
            iptables --li
            iptables --pol INPUT ACCEPT
            iptables --new-ch zz
            iptables --delete-chain=zz
            iptables -w 5 -W 100 -S
            iptables --wait-interval=x -w 3 -S
            iptables -w -5 -S
            iptables -A INPUT -m comment --comment ''
            iptables -A INPUT -m comment --comment 'a"b'
            iptables -A INPUT -m comment --comment "a'b"
            iptables -A INPUT -m comment --comment 'ä ö'
            iptables -A INPUT -s 10.1 -j ACCEPT
            iptables -A INPUT -s 0x0a000001 -j ACCEPT
            iptables -A INPUT -s 10.0.0.77/8 -j ACCEPT
            iptables -A INPUT -s 0/0 -d 0.0.0.0/0
            iptables -A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j ACCEPT
            iptables -C INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j ACCEPT
            iptables -D INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j ACCEPT
            iptables -A INPUT ! -s 1.1.1.1,2.2.2.2
            iptables -A INPUT -s 1.1.1.1, -j ACCEPT
            iptables -A INPUT -s '' -j ACCEPT
            iptables -A INPUT -p all -j ACCEPT
            iptables -A INPUT ! -p all
            iptables -A INPUT -p 0x11
            iptables -A INPUT -i +
            iptables -A INPUT ! -i +
            iptables -A INPUT -i 'a b'
            ip6tables -A INPUT -p ah -m ah --ahspi 1:5
            iptables -S
            iptables -L -n -v --line-numbers -x
            iptables -L INPUT 2
            iptables -L INPUT 0
            iptables -S INPUT x
            iptables -S INPUT 1 2
            iptables -D INPUT 4294967297
            iptables -Z INPUT 99
            iptables -Z nochain 1
            iptables -A INPUT -m connlabel --label 128
            iptables -N u2
            iptables -E u2 u2
            iptables -E u2 u3
            iptables -E u3 averyveryveryverylongchainname29
            iptables -P u3 DROP
            iptables -P INPUT RETURN
            iptables -A INPUT -j u3
            iptables -X u3
            iptables -t '' -L
            iptables -t raw -A FORWARD -j ACCEPT
            iptables --modprobe=/sbin/modprobe -S
            iptables-save -t nat -c -f $SAVED; grep -v '^#' $SAVED
            iptables-save --table=filter --counters
            iptables-save -f /nonexistent/x
            iptables-save -t
            iptables -A INPUT -c 18446744073709551615 18446744073709551615 -j ACCEPT
            iptables -A INPUT -c 1, -j ACCEPT
            iptables -S ''
            iptables -A INPUT -j ACCEPT ''
            iptables -A OUTPUT -m mac --mac-source 00:11:22:33:44:55
            iptables -A INPUT -m owner --uid-owner 0
            iptables -A OUTPUT -j DNAT --to-destination 1.2.3.4
            iptables -A OUTPUT -j MASQUERADE
            iptables -t nat -A POSTROUTING -j REJECT
            iptables -t raw -A PREROUTING -p tcp -j REDIRECT --to-ports 80
            iptables -F INPUT
            iptables -A INPUT -p ipv6-icmp
            iptables -A INPUT ! -p 255
            iptables -L INPUT
            iptables -h >/dev/null
            iptables-restore -h >/dev/null 2>&1
            """)
    }

    /// Sets, timeout policies and accounting objects that rules name.
    @Test func rulesNameOtherThings() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for namespace in [judged.daemon.namespace, judged.judge] {
            try namespace.run {
                try NetfilterObject.makeSet("foo")
                try NetfilterObject.makeTimeout("slow", seconds: 900)
                try NetfilterObject.makeAccount("acct")
            }
        }
        try judged.expectSame(
            """
            iptables -A INPUT -m set --match-set foo src
            iptables -A INPUT -m set ! --match-set foo dst --return-nomatch
            iptables -A INPUT -m set --match-set foo src ! --update-counters ! --update-subcounters
            iptables -A INPUT -m set --match-set foo src --packets-gt 5 ! --bytes-eq 7
            iptables -A INPUT -m set --match-set foo src --packets-lt 5 --bytes-gt 7
            iptables -A INPUT -m set --match-set foo src ! --packets-eq 5 --bytes-lt 7
            iptables -A INPUT -m set --match-set foo src,dst
            iptables -A INPUT -m set --match-set foo nowhere
            iptables -A INPUT -m set --match-set bar src
            iptables -A INPUT -j SET --add-set foo src --exist --timeout 60
            iptables -A INPUT -j SET --add-set foo dst
            iptables -A INPUT -j SET --del-set foo src
            iptables -A INPUT -j SET --map-set foo src
            iptables -t mangle -A FORWARD -j SET --map-set foo src --map-mark --map-prio --map-queue
            iptables -A INPUT -m nfacct --nfacct-name acct
            iptables -A INPUT -m nfacct --nfacct-name nosuch
            iptables -t raw -A PREROUTING -p icmp -j CT --timeout slow
            iptables -t raw -A PREROUTING -p tcp -j CT --timeout slow
            iptables -t raw -A PREROUTING -p icmp -j CT --zone 3 --timeout slow
            iptables-save
            iptables -L -n
            iptables -t raw -L -n -v
            iptables -t raw -D PREROUTING -p icmp -j CT --timeout slow
            iptables -D INPUT -m set --match-set foo src
            iptables-save
            iptables -F
            iptables -t mangle -F
            iptables -t raw -F
            """)
    }

    /// In a table that was adopted and is observed, both programs work side by side.
    @Test func bothWorkOnAnObservedTable() throws {
        let judged = try Judged()
        defer { judged.stop() }
        let namespace = judged.daemon.namespace
        func real(_ words: String...) throws -> String {
            try namespace.run {
                let result = try ChildProcess("iptables-nft", words).wait()
                guard result.status == 0 else { throw CommandFailure(result.errors) }
                return result.output
            }
        }
        _ = try real("-A", "INPUT", "-s", "1.1.1.1", "-j", "DROP")
        #expect(try judged.ours("iptables -A INPUT -s 2.2.2.2 -j DROP").status == 4)
        try judged.daemon.check("adopt --policy observed ip filter")
        for line in [
            "iptables -A INPUT -s 2.2.2.2 -j DROP", "iptables -N mine",
            "iptables -A FORWARD -j mine",
            "iptables -P FORWARD DROP", "iptables -I OUTPUT -d 3.3.3.3", "iptables -Z",
        ] {
            let side = try judged.ours(line)
            #expect(side.status == 0, "\(line): \(side.errors)")
        }
        _ = try real("-A", "mine", "-s", "4.4.4.4", "-j", "RETURN")
        let text = "*filter\n:INPUT ACCEPT [3:4]\n-A INPUT -s 5.5.5.5\nCOMMIT\n"
        #expect(try judged.ours("iptables-restore -n -c", input: text).status == 0)
        let listed = try judged.ours("iptables -S -v").output
        #expect(listed == (try real("-S", "-v")))
        #expect(
            listed.contains("-P INPUT ACCEPT -c 3 4\n") && listed.contains("-A mine -s 4.4.4.4"))
        _ = try judged.daemon.check("check")
    }

    /// Base chains that iptables does not know are pointed out, as the real one does.
    @Test func foreignBaseChainsArePointedOut() throws {
        let judged = try Judged()
        defer { judged.stop() }
        _ = try judged.ours("iptables -A INPUT -j ACCEPT")
        try judged.daemon.check(
            "add chain --type filter --hook input --priority 7 ip filter mine")
        let notice =
            "# Table `filter' contains incompatible base-chains, use 'nft' tool to list them.\n"
        for line in ["iptables -S", "iptables -L -n", "iptables-save"] {
            #expect(try judged.ours(line).output.hasPrefix(notice))
        }
        #expect(try judged.ours("iptables -S INPUT").output.hasPrefix("-P INPUT"))
    }
}
