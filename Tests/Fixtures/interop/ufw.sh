# Runs lines with the real ufw, whose files are private copies: `unshare -m sh ufw.sh DIRECTORY LINKS < LINES`.
# ufw calls /usr/sbin/iptables, which Debian's alternatives lead to the programs that LINKS has.
set -eu
directory=$1 links=$2
mkdir -p "$directory/etc" "$directory/default" "$directory/run"
cp -rL /usr/share/ufw/*.init /usr/share/ufw/*.rules /usr/share/ufw/ufw.conf "$directory/etc"
cp -r /etc/ufw/applications.d "$directory/etc"
chmod -R u=rwX,go= "$directory/etc"
cp -rP /etc/alternatives "$directory"
for program in "$links"/*; do
    ln -sfn "$(readlink -f "$program")" "$directory/alternatives/${program##*/}"
done
cat > "$directory/default/ufw" <<'END'
IPV6=yes
DEFAULT_INPUT_POLICY="DROP"
DEFAULT_OUTPUT_POLICY="ACCEPT"
DEFAULT_FORWARD_POLICY="DROP"
DEFAULT_APPLICATION_POLICY="SKIP"
MANAGE_BUILTINS=no
IPT_SYSCTL=
IPT_MODULES=""
END
mount --bind "$directory/etc" /etc/ufw
mount --bind "$directory/alternatives" /etc/alternatives
mount --bind "$directory/default" /etc/default
mount --bind "$directory/run" /run
set +e
while read -r line; do
    echo "\$ $line"
    sh -c "$line" < /dev/null 2>&1 || echo "status $?"
done
