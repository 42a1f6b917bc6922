#!/usr/bin/env bash
# Usage: failover.sh PROGRAM [SECONDS]
#
# Two servers behind HAProxy on PostgreSQL with a synchronous replica, under load: a server is killed every few seconds,
# then the primary is killed and the replica promoted, then the load goes on. At the end every response that was
# acknowledged must be in the database, once, and no more than retries may have happened. Needs PostgreSQL and haproxy.
set -euo pipefail
program=$(realpath "$1") seconds=${2:-30}
root=$(cd "$(dirname "$0")/.." && pwd)

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -x "$bin/initdb" ] || { echo "PostgreSQL is missing: apt-get install postgresql" >&2; exit 3; }
command -v haproxy >/dev/null || { echo "haproxy is missing: apt-get install haproxy" >&2; exit 3; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/innogauge-failover.XXXXXX")
as_owner=()
if [ "$(id -u)" = 0 ]; then as_owner=(runuser -u postgres --); chown postgres "$folder"; fi
owner() { (cd "$folder" && "${as_owner[@]}" "$@"); }

declare -A process=()
stop() {
    status=$?
    trap - EXIT INT TERM
    touch "$folder/enough"
    for name in "${!process[@]}"; do kill -9 "${process[$name]}" 2>/dev/null || true; done
    for name in primary replica; do
        [ -f "$folder/$name/postmaster.pid" ] && owner "$bin/pg_ctl" -D "$folder/$name" -m immediate stop >/dev/null 2>&1 || true
    done
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
wait_for() { # SECONDS COMMAND…
    local until=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || { echo "waited in vain: $*" >&2; return 1; }; sleep 0.2; done
}

primary_port=$(free_port) replica_port=$(free_port) one_port=$(free_port) two_port=$(free_port)
http_port=$(free_port) https_port=$(free_port)

echo "PostgreSQL: a primary and a synchronous replica"
owner "$bin/initdb" -D "$folder/primary" -U innogauge --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$folder/initdb.log" 2>&1
common="-c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=100"
owner "$bin/pg_ctl" -D "$folder/primary" -w -l "$folder/primary.log" -o "$common -c port=$primary_port" start >/dev/null
owner "$bin/pg_basebackup" --pgdata "$folder/replica" --host 127.0.0.1 --port "$primary_port" --username innogauge --checkpoint fast --write-recovery-conf
owner sh -c "echo \"primary_conninfo = 'host=127.0.0.1 port=$primary_port user=innogauge application_name=replica'\" >> '$folder/replica/postgresql.auto.conf'"
owner "$bin/pg_ctl" -D "$folder/replica" -w -l "$folder/replica.log" -o "$common -c port=$replica_port" start >/dev/null
query() { owner "$bin/psql" --host 127.0.0.1 --port "$1" --username innogauge --no-align --tuples-only --command "$2" postgres; }
query "$primary_port" "ALTER SYSTEM SET synchronous_standby_names = 'replica'" >/dev/null
query "$primary_port" "SELECT pg_reload_conf()" >/dev/null
is_synchronous() { [ "$(query "$primary_port" 'SELECT count(*) FROM pg_stat_replication WHERE sync_state = '"'sync'")" = 1 ]; }
wait_for 20 is_synchronous

database="postgres://innogauge@127.0.0.1:$primary_port,127.0.0.1:$replica_port/postgres?target_session_attrs=read-write&connect_timeout=2"
export INNOGAUGE_DATABASE=$database INNOGAUGE_DEFS=$root/tests/fixtures/web INNOGAUGE_KEYS=$folder/keys
"$program" keys new >/dev/null 2>&1
"$program" user add administrator --role administrator >/dev/null 2>&1
token=$("$program" token administrator 2>/dev/null | head -1)

start_server() { # NAME PORT
    # Not through a function: the process that is killed must be the program itself.
    "$program" serve --listen "127.0.0.1:$2" --log-format json \
        --set trusted_proxies=127.0.0.1 --set database_wait=5s >"$folder/$1.out" 2>>"$folder/$1.log" &
    process[$1]=$!
    disown
}
ready() { curl --silent --fail --max-time 2 "http://127.0.0.1:$1/readyz"; }
start_server one "$one_port"; start_server two "$two_port"
wait_for 30 ready "$one_port"; wait_for 30 ready "$two_port"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$folder/key.pem" -out "$folder/chain.pem" \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat "$folder/chain.pem" "$folder/key.pem" >"$folder/site.pem"
SERVER_1=127.0.0.1:$one_port SERVER_2=127.0.0.1:$two_port HTTP_BIND=127.0.0.1:$http_port \
    HTTPS_BIND="127.0.0.1:$https_port ssl crt $folder/site.pem alpn h2,http/1.1" haproxy -f "$root/deploy/haproxy.cfg" >"$folder/haproxy.log" 2>&1 &
process[haproxy]=$!
disown
address="https://localhost:$https_port"
through() { curl --silent --fail --max-time 2 --cacert "$folder/chain.pem" "$address/readyz"; }
wait_for 20 through
echo "Two servers behind HAProxy at $address"

# A client sends one response after the other, each until it is acknowledged, and writes down the acknowledged ones.
client() { # NUMBER
    local number=0 id status
    while [ ! -f "$folder/enough" ]; do
        number=$((number + 1)); id="uuid:client-$1-$number"
        body="{\"instance_id\": \"$id\", \"version\": \"1\", \"answers\": {\"org_name\": \"Works $1-$number\", \"city\": \"230700\", \"contact\": \"Client $1\", \"turnover\": $number, \"has_rd\": \"0\"}}"
        while :; do
            status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 20 --cacert "$folder/chain.pem" \
                --header "Authorization: Bearer $token" --header 'Content-Type: application/json' --data "$body" "$address/api/v1/surveys/firm/responses") || true
            case $status in
                200 | 201) echo "$id" >>"$folder/acknowledged-$1"; break ;;
                000 | 502 | 503 | 504) echo "$status" >>"$folder/retried-$1"; sleep 0.2 ;;
                *) echo "$id was answered $status" >>"$folder/refused"; break ;;
            esac
            # What is in doubt at the end is not counted as acknowledged.
            [ ! -f "$folder/enough" ] || break
        done
    done
}
for number in 1 2 3 4 5 6 7 8; do client "$number" & clients[number]=$!; done

killed=0 half=$((SECONDS + seconds / 2)) end=$((SECONDS + seconds))
kill_in_turn() { # UNTIL
    while [ $SECONDS -lt "$1" ]; do
        for name in one two; do
            [ $SECONDS -lt "$1" ] || break
            sleep 2
            port=$one_port; [ $name = one ] || port=$two_port
            kill -9 "${process[$name]}"; killed=$((killed + 1))
            # The port is free when the process is gone.
            while kill -0 "${process[$name]}" 2>/dev/null; do sleep 0.05; done
            start_server $name "$port"
            wait_for 30 ready "$port"
        done
    done
}
kill_in_turn $half
echo "The primary is killed and the replica promoted"
kill -9 "$(head -1 "$folder/primary/postmaster.pid")"
killed_at=$SECONDS
sleep 0.2
before=$(cat "$folder"/acknowledged-* | wc -l)
query "$replica_port" "SELECT pg_promote()" >/dev/null
grows() { [ "$(cat "$folder"/acknowledged-* | wc -l)" -gt "$before" ]; }
wait_for 60 grows
echo "Responses are acknowledged again within $((SECONDS - killed_at + 1)) s"
kill_in_turn $end
touch "$folder/enough"
for number in 1 2 3 4 5 6 7 8; do wait "${clients[number]}"; done

sort "$folder"/acknowledged-* >"$folder/acknowledged"
acknowledged=$(wc -l <"$folder/acknowledged")
retried=$( (cat "$folder"/retried-* 2>/dev/null || true) | wc -l)
query "$replica_port" "SELECT instance_id FROM responses ORDER BY 1" | sort >"$folder/stored"
lost=$(sort -u "$folder/acknowledged" | comm -23 - <(sort -u "$folder/stored") | wc -l)
twice=$(uniq -d "$folder/stored" | wc -l)
echo "$acknowledged responses acknowledged, $retried attempts retried, $killed servers killed, 1 primary lost: $lost lost, $twice stored twice"
[ ! -f "$folder/refused" ] || { head -5 "$folder/refused" >&2; exit 1; }
[ "$acknowledged" -gt 0 ] && [ "$lost" = 0 ] && [ "$twice" = 0 ]
