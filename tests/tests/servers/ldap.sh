#!/usr/bin/env bash
# SeaweedFS (Go) with a directory of OpenLDAP: `start`, `env` (prints NAME=value lines), `stop`. All of it is on loopback.
#
# Needs slapd (Debian's package of that name) and weed: from $WEED, the PATH, or the packages of ../shared/servers. Where one is
# missing, it says so and starts nothing; with CI set, that is an error.
set -eu
D=${STS_LDAP:-/tmp/sts-ldap} PORT=${LDAP_PORT:-18389} S3=${SEAWEEDFS_LDAP_PORT:-18335}
PATH=$PATH:/usr/sbin:${STS_PEERS_CACHE:-${STS_PEERS:-/tmp/sts-peers}/cache}/venv/bin
WEED=${WEED:-weed}
say() { echo "${0##*/}: $*" >&2; }

need() {
    command -v "$1" >/dev/null && return
    say "there is no $1, so nothing is started"
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

background() { # background NAME COMMAND...
    local name=$1; shift
    setsid "$@" >"$D/$name.log" 2>&1 </dev/null & echo $! >"$D/$name.pid"
}

ready() { # ready NAME PORT: within a minute
    for _ in $(seq 300); do
        (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && return
        sleep 0.2
    done
    say "$1 does not listen on port $2"
    tail -n 5 "$D/$1.log" >&2
    exit 1
}

start() {
    need slapd
    need "$WEED"
    stop
    mkdir -p "$D/db" "$D/data"
    cat >"$D/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=example,dc=net
rootdn cn=admin,dc=example,dc=net
rootpw admin
directory $D/db
CONF
    slapadd -f "$D/slapd.conf" <<'LDIF'
dn: dc=example,dc=net
objectClass: dcObject
objectClass: organization
dc: example
o: example

dn: uid=alice,dc=example,dc=net
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Liddell
userPassword: correct horse+/&=%é
LDIF
    # A role for the directory's users has to trust AWS's principals and the action AssumeRole. The other one does not.
    cat >"$D/iam.json" <<JSON
{"sts":{"tokenDuration":"1h","maxSessionLength":"12h","issuer":"seaweedfs-sts","accountId":"123456789012",
  "signingKey":"dGVzdC1zaWduaW5nLWtleS0zMi1jaGFyYWN0ZXJzLWxvbmc="},
 "providers":[{"name":"directory","type":"ldap","enabled":true,"config":{"server":"ldap://127.0.0.1:$PORT",
  "bindDN":"cn=admin,dc=example,dc=net","bindPassword":"admin","baseDN":"dc=example,dc=net","userFilter":"(uid=%s)"}}],
 "policy":{"defaultEffect":"Deny","storeType":"memory"},
 "roles":[
  {"roleName":"staff","roleArn":"arn:aws:iam::123456789012:role/staff","attachedPolicies":["all"],
   "trustPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},
    "Action":["sts:AssumeRole"]}]}},
  {"roleName":"federated","roleArn":"arn:aws:iam::123456789012:role/federated","attachedPolicies":["all"],
   "trustPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"*"},
    "Action":["sts:AssumeRoleWithLDAPIdentity"]}]}}],
 "policies":[{"name":"all","document":{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Action":["s3:*","sts:*"],"Resource":["*"]}]}}]}
JSON
    cat >"$D/s3.json" <<'JSON'
{"identities":[{"name":"root","credentials":[{"accessKey":"AKIAROOT000000000001","secretKey":"root"}],"actions":["Admin"]}]}
JSON
    background slapd slapd -f "$D/slapd.conf" -h "ldap://127.0.0.1:$PORT" -d 0
    background weed "$WEED" mini -dir="$D/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port=19335 -filer.port=18889 \
        -volume.port=19341 -s3.port="$S3" -s3.port.iceberg=0 -s3.port.lance=0 -admin.ui=false -webdav=false \
        -s3.config="$D/s3.json" -s3.iam.config="$D/iam.json"
    ready slapd "$PORT"
    ready weed "$S3"
}

stop() {
    local name
    for name in weed slapd; do
        [ ! -f "$D/$name.pid" ] || end "$name" "$(cat "$D/$name.pid")"
    done
    rm -rf "$D"
}

end() { # end NAME PID: unless another process has the number by now
    [ -r "/proc/$2/cmdline" ] && tr '\0' ' ' <"/proc/$2/cmdline" | grep -q "$1" || return 0
    kill "$2" || return 0
    for _ in $(seq 100); do
        grep -q "^State:[[:space:]][^Z]" "/proc/$2/status" 2>/dev/null || return 0 # gone, or a zombie
        sleep 0.1
    done
    kill -9 "$2" || true
}

case "${1:-}" in
    start | stop) "$1" ;;
    env) [ ! -f "$D/weed.pid" ] || echo "SEAWEEDFS_LDAP_URL=http://127.0.0.1:$S3" ;;
    *)
        echo "usage: ${0##*/} start|env|stop" >&2
        exit 2
        ;;
esac
