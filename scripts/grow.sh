#!/usr/bin/env bash
# Usage: scripts/with_postgres.sh scripts/grow.sh PROGRAM
#
# docs/deployment.md as a user follows it: a laptop's file, then one server behind a proxy, then two servers behind HAProxy
# on PostgreSQL. At each size answers come in, and what came in before is exported: byte by byte what it was, persons included.
set -euo pipefail
program=$(realpath "${1:?usage: scripts/with_postgres.sh $0 PROGRAM}")
: "${INNOGAUGE_TEST_POSTGRES:?start this by scripts/with_postgres.sh}"
command -v haproxy >/dev/null || { echo "haproxy is missing: apt-get install haproxy" >&2; exit 3; }
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/innogauge-grow.XXXXXX")

declare -A process=()
stop() {
    status=$?
    trap - EXIT INT TERM
    for name in "${!process[@]}"; do kill -9 "${process[$name]}" 2>/dev/null || true; done
    if [ "$status" = 0 ]; then rm -rf "$folder"; else echo "logs are in $folder" >&2; fi
    exit "$status"
}
trap stop EXIT INT TERM

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
start() { # NAME COMMAND…
    local name=$1; shift
    "$@" >"$folder/$name.out" 2>"$folder/$name.log" &
    process[$name]=$!
    disown
}
wait_for() { # ADDRESS [CURL OPTION…]
    local until=$((SECONDS + 30)) address=$1; shift
    until curl --silent --fail --max-time 2 --output /dev/null "$@" "$address/readyz"; do
        [ $SECONDS -lt $until ] || { echo "nobody answers at $address" >&2; return 1; }
        sleep 0.2
    done
}
end() { # NAME: as SIGTERM ends it, with what is in flight
    kill "${process[$1]}"
    while kill -0 "${process[$1]}" 2>/dev/null; do sleep 0.05; done
    unset "process[$1]"
}
send() { # ADDRESS FROM TO [CURL OPTION…]
    local address=$1 from=$2 to=$3 number body status; shift 3
    for number in $(seq "$from" "$to"); do
        body="{\"instance_id\": \"uuid:$number\", \"version\": \"1\", \"answers\": {\"org_name\": \"第$number厂\", \"city\": \"230700\", \"contact\": \"联系人 $number\", \"turnover\": $number.5, \"has_rd\": \"0\"}}"
        status=$(curl --silent --output "$folder/answer" --write-out '%{http_code}' "$@" --header "Authorization: Bearer $token" \
            --header 'Content-Type: application/json' --data "$body" "$address/api/v1/surveys/firm/responses")
        [ "$status" = 201 ] || { cat "$folder/answer" >&2; return 1; }
    done
}
export_all() { # OUT INNOGAUGE OPTION…
    local out=$1; shift
    "$program" export firm "$out" --personal full --reason "growing" "$@" 2>/dev/null >&2
}
# What was there before is exported as it was; more may have come.
same() { # BEFORE AFTER
    head -n "$(wc -l <"$1")" "$2" | cmp "$1" - || { echo "$2 differs from $1" >&2; return 1; }
}
export INNOGAUGE_DEFS=$root/tests/fixtures/web
cd "$folder"

echo "A laptop: a file"
port=$(free_port)
"$program" user add admin --role administrator >password
token=$("$program" token admin | head -1)
start laptop "$program" serve --listen "127.0.0.1:$port"
wait_for "http://127.0.0.1:$port"
send "http://127.0.0.1:$port" 1 20
"$program" backup laptop.zip
end laptop
export_all laptop.csv

echo "One server: the same in another place, behind a proxy, with its own settings"
mkdir -p server/lib server/etc
cp laptop.zip innogauge.db.keys server/
sed -e "s|^listen:.*|listen: 127.0.0.1:$port|" -e "s|/var/lib/innogauge/|$folder/server/lib/|" \
    -e "s|^defs:.*|defs: $INNOGAUGE_DEFS|" -e "s|https://survey.example.org|https://localhost|" \
    "$root/deploy/innogauge.yaml" >server/etc/innogauge.yaml
install -m 600 server/innogauge.db.keys server/lib/innogauge.db.keys
"$program" restore server/laptop.zip --config server/etc/innogauge.yaml
start server "$program" serve --config server/etc/innogauge.yaml
wait_for "http://127.0.0.1:$port" --header "Host: localhost"
send "http://127.0.0.1:$port" 21 40 --header "Host: localhost" --header "X-Forwarded-Proto: https"
"$program" backup server.zip --config server/etc/innogauge.yaml
export_all server.csv --config server/etc/innogauge.yaml
same laptop.csv server.csv
end server

echo "Two servers on PostgreSQL behind HAProxy"
one=$(free_port) two=$(free_port) plain=$(free_port) secure=$(free_port)
name=grow_$$
place=${INNOGAUGE_TEST_POSTGRES%/*}
psql --quiet "$INNOGAUGE_TEST_POSTGRES" --command "CREATE DATABASE $name"
export INNOGAUGE_DATABASE="$place/$name" INNOGAUGE_KEYS=$folder/keys INNOGAUGE_TRUSTED_PROXIES=127.0.0.1
install -m 600 server/lib/innogauge.db.keys keys
"$program" restore server.zip
start one "$program" serve --listen "127.0.0.1:$one"
start two "$program" serve --listen "127.0.0.1:$two"
wait_for "http://127.0.0.1:$one"
wait_for "http://127.0.0.1:$two"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out chain.pem \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat chain.pem key.pem >site.pem
SERVER_1=127.0.0.1:$one SERVER_2=127.0.0.1:$two HTTP_BIND=127.0.0.1:$plain \
    HTTPS_BIND="127.0.0.1:$secure ssl crt $folder/site.pem alpn h2,http/1.1" start balancer haproxy -f "$root/deploy/haproxy.cfg"
wait_for "https://localhost:$secure" --cacert chain.pem
send "https://localhost:$secure" 41 60 --cacert chain.pem
export_all servers.csv
same server.csv servers.csv
[ "$(wc -l <servers.csv)" = 61 ]
"$program" audit verify
end one
send "https://localhost:$secure" 61 62 --cacert chain.pem

echo "And back: the same in a file again"
"$program" backup servers.zip
export_all before.csv
INNOGAUGE_DATABASE=sqlite:$folder/back.db "$program" restore servers.zip
INNOGAUGE_DATABASE=sqlite:$folder/back.db export_all back.csv
cmp before.csv back.csv
end two
psql --quiet "$INNOGAUGE_TEST_POSTGRES" --command "DROP DATABASE $name WITH (FORCE)"
echo "62 responses went from a laptop to two servers and back, and every export is the one before"
