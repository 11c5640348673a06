#!/bin/bash
# Runs inside a booted Debian: installs both packages, sets a deployment up, serves, upgrades, removes. Ends at the first thing that is wrong.
set -euxo pipefail
# What the server said stands at the end when something went wrong.
trap 'journalctl --no-pager -n 40 -u meldkluis-serve' ERR
cd /trial
desk() { meldkluis-desk --server http://127.0.0.1:8080 --root /etc/meldkluis/anchor.toml --identity "keys/$1" "${@:2}"; }

dpkg -i meldkluis_0.1.0-1_*.deb meldkluis-desk_0.1.0-1_*.deb
id meldkluis
[ "$(stat -c '%a %U %G' /run/meldkluis)" = "2750 meldkluis meldkluis-onion" ]
systemctl is-enabled meldkluis-serve && exit 1

# Everybody makes their keys; the public halves come to the operator.
mkdir -p keys halves signers
for who in officer-1 officer-2 adviser-1 coordinator-1; do
  meldkluis-desk --identity "keys/$who" keygen "bzk-$who" --no-passphrase > "halves/$who.toml"
done
meldkluis-desk --identity keys/canary keygen canary --no-passphrase > canary.toml
for who in first second; do ssh-keygen -q -t ed25519 -N '' -f "signers/$who"; done

# The questions, in their order. The first answer does not fit and is asked again.
meldkluis setup <<'ANSWERS'
Binnenlandse Zaken
bzk
Binnenlandse Zaken
Interior
365
/trial/halves
adviser
Vertrouwenspersoon
Confidential adviser
coordinator
Integriteitscoördinator
Integrity coordinator
officer
Functionaris 1
Officer 1
officer
Functionaris 2
Officer 2
/trial/canary.toml
/trial/signers
2
yes



ANSWERS
[ "$(stat -c '%a %U' /etc/meldkluis/credentials)" = "700 root" ]
# Not signed: it says by whom, and does not go on.
meldkluis setup 2> unsigned && exit 1
grep -q 'ssh-keygen -Y sign' unsigned
for file in /etc/meldkluis/roster/*.toml; do
  for who in first second; do
    ssh-keygen -q -Y sign -n meldkluis-roster@v1 -f "signers/$who" < "$file" >> "$file.sig"
  done
done
meldkluis setup --canary-key keys/canary > tried
cat tried
grep -q 'are in order' tried

systemctl daemon-reload
systemctl enable --now meldkluis-serve
up() { for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/8080) 2>&- && return; sleep 0.1; done; return 1; }
up
systemctl show -p MainPID --value meldkluis-serve > pid-1
[ "$(stat -c %U /proc/"$(cat pid-1)")" = meldkluis ] || [ "$(ps -o user= "$(cat pid-1)")" = meldkluis ]
systemd-analyze security --no-pager --threshold=15 meldkluis-serve | tail -n 1
desk canary canary

# The same as its timer starts it, with the key handed over by systemd.
mkdir /etc/meldkluis-canary
install -m 600 keys/canary /etc/meldkluis-canary/canary.key
install -m 644 /etc/meldkluis/anchor.toml /etc/meldkluis-canary/
echo 'ARGUMENTS=--server http://127.0.0.1:8080 --root /etc/meldkluis-canary/anchor.toml' > /etc/meldkluis-canary/canary.conf
systemctl start meldkluis-canary || { journalctl --no-pager -o cat -u meldkluis-canary; exit 1; }
journalctl --no-pager -o cat -u meldkluis-canary | grep -E '^gone +[0-9]+ ms$'
# And with a server that is away, it is a failed unit that names the step.
echo 'ARGUMENTS=--server http://127.0.0.1:9 --root /etc/meldkluis-canary/anchor.toml' > /etc/meldkluis-canary/canary.conf
systemctl start meldkluis-canary && exit 1
journalctl --no-pager -o cat -u meldkluis-canary | grep -E '^sign-in +FAILED'

# A report that outlives an upgrade.
echo 'CANARY-TRIAL over de inkoop' > told
desk officer-1 --json oral --draw --how phone --topic money --file told | grep -oE '"[a-z]+"' | tr -d '"' | grep -vE '^(sent|readers|reserve|code)$' | tail -n 12 > code
[ "$(wc -l < code)" = 12 ]
desk officer-1 oral --how phone --topic money --file told --code code --said code
case=$(desk officer-1 --json inbox | grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' | head -n 1)
dpkg -i meldkluis_0.1.0-2_*.deb meldkluis-desk_0.1.0-2_*.deb
up
systemctl show -p MainPID --value meldkluis-serve > pid-2
[ "$(cat pid-1)" != "$(cat pid-2)" ]
desk officer-2 read "$case" | grep -q CANARY-TRIAL

# Nothing of it in the log of the machine, and nothing to warn of.
journalctl --no-pager -u meldkluis-serve | tee journal
grep -q CANARY-TRIAL journal && exit 1
# The machine below may have no Landlock, and may not let a limit be raised. Everything else is had.
allowed='Landlock \([a-z ]*\)'
[ "$(ulimit -Hl)" = unlimited ] || allowed="$allowed|memory kept off the swap \([a-z ]*\)"
grep 'not by' journal | grep -vE "not by: ($allowed)(, ($allowed))*\$" && exit 1

dpkg -r meldkluis meldkluis-desk
(exec 3<>/dev/tcp/127.0.0.1/8080) 2>&- && exit 1
[ -e /var/lib/meldkluis/meldkluis.db ]
dpkg -P meldkluis meldkluis-desk > purged
grep -q 'is kept' purged
[ -z "$(find /usr /lib /etc/systemd -path '*meldkluis*' -not -path '*/share/doc*' -print)" ]
[ -z "$(find /usr/share/doc -path '*meldkluis*' -print)" ]
echo TRIAL-PASSED
