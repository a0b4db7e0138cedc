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
            iptables -v -F INPUT
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
}
