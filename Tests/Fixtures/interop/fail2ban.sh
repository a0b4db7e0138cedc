# Lets the real fail2ban ban and unban by each of its iptables actions: `sh fail2ban.sh DIRECTORY PACKAGE`.
# PACKAGE is where Debian's package is unpacked; all that is written is under DIRECTORY.
set -eu
directory=$1 package=$2
mkdir "$directory"
cp -r "$package/etc/fail2ban" "$directory/etc"
rm -f "$directory"/etc/jail.d/*
touch "$directory/watched"
cat > "$directory/etc/fail2ban.local" <<END
[Definition]
dbfile = :memory:
logtarget = $directory/log
loglevel = INFO
END
cat > "$directory/etc/jail.local" <<END
[DEFAULT]
backend = polling
logpath = $directory/watched
filter = sshd
usedns = no
[one]
enabled = true
action = iptables[name=one, port=ssh, protocol="tcp,udp"]
[multi]
enabled = true
action = iptables-multiport[name=multi, port="http,https,8080"]
[all]
enabled = true
action = iptables-allports[name=all, blocktype=DROP]
[new]
enabled = true
action = iptables-new[name=new, port=25]
[logged]
enabled = true
action = iptables-multiport-log[name=logged, port="25,465"]
[recent]
enabled = true
action = iptables-xt_recent-echo[name=recent]
END
export PYTHONPATH="$package/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1
client() {
    python3 "$package/usr/bin/fail2ban-client" -c "$directory/etc" -s "$directory/socket" -p "$directory/pid" "$@"
}
# Bans are carried out when fail2ban gets round to it.
await() {
    tries=1000
    until "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "in vain: $*"; return; }
    done
}
bans() { iptables -S "f2b-$1" | grep -q 192.0.2.7 && ip6tables -S "f2b-$1" | grep -q 2001:db8::7; }
pardons() { ! iptables -S "f2b-$1" | grep -q 192.0.2.7; }
# Jails start side by side, so rules of different jails have no order.
show() { for program in iptables ip6tables; do $program -S | sort; done; }

client start 2> "$directory/complaints" || cat "$directory/complaints"
jails="one multi all new logged"
for jail in $jails; do
    client set $jail banip 192.0.2.7
    client set $jail banip 2001:db8::7
done
for jail in $jails; do await bans $jail; done
client set recent banip 192.0.2.9
await grep -q 192.0.2.9 /proc/net/xt_recent/f2b-recent
show
for jail in $jails; do client set $jail unbanip 192.0.2.7; done
for jail in $jails; do await pardons $jail; done
show
client status one | grep -v 'File list'
# Its chain goes away behind its back: the next ban fails, the check notices it, and the rules are made again.
for protocol in tcp udp; do iptables -D INPUT -p $protocol --dport ssh -j f2b-one; done
iptables -F f2b-one
iptables -X f2b-one
client set one banip 192.0.2.8
await sh -c 'iptables -S f2b-one | grep -q 192.0.2.8'
show
client stop
while [ -e "$directory/socket" ]; do :; done
show
grep -E 'ERROR|CRITICAL' "$directory/log" | sed -E 's/^.{24}//; s/ *\[[0-9]+\]//; s/0x[0-9a-f]+|[0-9a-f]{12}//g' | sort || true
