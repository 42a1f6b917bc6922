#!/usr/bin/env bash
# Runs a command with a private PostgreSQL cluster: scripts/with_postgres.sh COMMAND [ARGUMENT…]
#
# The cluster comes from Debian's `postgresql` package, listens on a free port of 127.0.0.1 only, and is stopped and
# removed when the command ends, however it ends. The command finds its address in INNOGAUGE_TEST_POSTGRES. Commits
# are durable as in production (fsync stays on): the tests kill servers and look for what was acknowledged.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT…]" >&2; exit 2; }

# The newest version that Debian has installed, else whatever is on the path.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] && [ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb || true)")
[ -x "$bin/initdb" ] || { echo "PostgreSQL is missing: apt-get install postgresql" >&2; exit 3; }

# PostgreSQL refuses to run as root: then it runs as the user that the package made.
as_owner=()
folder=$(mktemp -d "${TMPDIR:-/tmp}/innogauge-postgres.XXXXXX")
if [ "$(id -u)" = 0 ]; then
    as_owner=(runuser -u postgres --)
    chown postgres "$folder"
fi

stop() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -f "$folder/data/postmaster.pid" ]; then
        (cd "$folder" && "${as_owner[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1) || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

free_port() {
    # Bash answers whether somebody listens; the range lies below the ports that the kernel hands out by itself.
    for _ in $(seq 200); do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    return 1
}

cd_run() { (cd "$folder" && "${as_owner[@]}" "$@"); }

cd_run "$bin/initdb" -D "$folder/data" -U innogauge --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$folder/initdb.log" 2>&1 \
    || { cat "$folder/initdb.log" >&2; exit 3; }

# A port may be taken between the look and the start: then another one is tried.
started=
for _ in 1 2 3 4 5; do
    port=$(free_port)
    if cd_run "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/data/server.log" -o \
        "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder -c max_connections=200" \
        start >/dev/null 2>&1; then
        started=1
        break
    fi
done
[ -n "$started" ] || { tail -20 "$folder/data/server.log" >&2; exit 3; }

export INNOGAUGE_TEST_POSTGRES="postgres://innogauge@127.0.0.1:$port/postgres"
echo "PostgreSQL for the tests: $INNOGAUGE_TEST_POSTGRES" >&2

# In the background and waited for, so that a signal reaches this script at once and the cluster goes with it.
"$@" <&0 &
child=$!
trap 'kill -TERM "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 143' TERM HUP
trap 'kill -INT "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 130' INT
wait "$child"
