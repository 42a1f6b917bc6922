#!/usr/bin/env bash
# Usage: schemathesis.sh PROGRAM [CASES]
#
# Holds the server against its own OpenAPI document with Schemathesis: for each role, a server on a fresh copy of the
# demonstration is sent cases made from the document, right ones and wrong ones. No answer may be a 5xx, have a status,
# content type, header or body that the document does not name, let in a caller without credentials, or go on using
# what was deleted. At least CASES (10,000 by default) are sent in all. Needs Python 3 with venv, and curl.
set -euo pipefail
program=$(realpath "$1") cases=${2:-10000}
root=$(cd "$(dirname "$0")/.." && pwd)
version=4.32.5

# Left out of a role's long run, each with its reason; the short run after it sends them.
#   log_out, end_own_sessions, end_own_session, submit_sign_out, submit_session_end: they end what the run signs in with
ending='^(log_out|end_own_sessions|end_own_session|submit_sign_out|submit_session_end)$'
# What only somebody who signed in may do: pages, and one's own password, sessions, tokens, second factor.
own='^/(account|sign-in|api/v1/me)'

st=$(command -v st || true)
if [ -z "$st" ] || [ "$("$st" --version | grep -o '[0-9.]*$')" != "$version" ]; then
    venv=$root/target/schemathesis
    [ -x "$venv/bin/st" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "schemathesis==$version"; }
    st=$venv/bin/st
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/innogauge-schemathesis.XXXXXX")
server=
stop() {
    status=$?
    trap - EXIT INT TERM
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    if [ "$status" = 0 ]; then rm -rf "$folder"; else echo "what was sent and answered is in $folder" >&2; fi
    exit "$status"
}
trap stop EXIT INT TERM
cd "$folder"
export INNOGAUGE_DEFS=$root/survey_defs

# The demonstration, and what the examples of the document speak of: a member, an organisation, a sample.
export INNOGAUGE_DATABASE=sqlite:$folder/demo.db
{
    "$program" demo --no-serve --responses 60 --database "$INNOGAUGE_DATABASE"
    "$program" user add zhao.min --role field
    printf '单位名称,统一社会信用代码,城市,规模\n伊春林业机械有限公司,91230700827ERYRL36,230700,small\n' >register.csv
    "$program" register load register.csv
    "$program" sample draw --size 1 --seed 2026
    "$program" assign give zhao.min 91230700827ERYRL36
} >demo.log 2>&1
while port=$((20000 + RANDOM % 12000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done
address=http://127.0.0.1:$port

serve() { # a server on a copy of the demonstration of its own
    cp demo.db "$1.db"
    cp demo.db.keys "$1.db.keys"
    export INNOGAUGE_DATABASE=sqlite:$folder/$1.db
    password=$("$program" user add tester --role "$1" 2>/dev/null)
    "$program" user add administrator --role administrator >/dev/null 2>&1
    token=$("$program" token tester 2>/dev/null | head -1)
    token_of_administrator=$("$program" token administrator 2>/dev/null | head -1)
    "$program" serve --listen "127.0.0.1:$port" >"$1.out" 2>"$1.log" &
    server=$!
    for _ in $(seq 100); do curl --silent --fail "$address/readyz" >/dev/null && return; sleep 0.1; done
    echo "the server does not start: $folder/$1.log" >&2
    return 1
}

sign_in() { # as a browser does it, having replaced the password that was made up
    local new=timber-and-berries-of-2026 bearer
    bearer=$(curl --silent --fail --json "{\"name\":\"tester\",\"password\":\"$password\"}" "$address/api/v1/login" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
    curl --silent --fail --output /dev/null --request PUT --header "Authorization: Bearer $bearer" \
        --json "{\"current\":\"$password\",\"new\":\"$new\"}" "$address/api/v1/me/password"
    curl --silent --fail --output /dev/null --dump-header - \
        --json "{\"name\":\"tester\",\"password\":\"$new\",\"cookie\":true}" "$address/api/v1/login" |
        sed -n 's/^set-cookie: \(innogauge=[^;]*\).*/\1/ip'
}

# Things that exist, so that four cases in five get past "not found".
configure() {
    python3 - "$address" "$token_of_administrator" >schemathesis.toml <<'PYTHON'
import json, sys, urllib.request
address, token = sys.argv[1:]
def get(path):
    request = urllib.request.Request(address + path, headers={"Authorization": f"Bearer {token}"})
    return json.load(urllib.request.urlopen(request))
rounds = [one["round"] for one in get("/api/v1/rounds")]
responses = get("/api/v1/surveys/enterprise/responses?limit=20")["responses"]
known = {
    "survey": ["enterprise"] * 3 + ["institution"],
    "version": [get("/api/v1/surveys/enterprise/versions/newest")["version"], "newest"],
    "round": rounds,
    "instance_id": [one["instance_id"] for one in responses],
    "name": ["zhao.min"],
    "organisation": ["91230700827ERYRL36"],
    "id": [1, 2], "check": [1], "city": ["230700", "230800"],
    "code": ["not_found", "answers_invalid"], "file": ["index.html", "swagger-ui.css"],
}
for name, values in known.items():
    print(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}")
print("[parameters]")
for name in known:
    for place in ["query"] if name == "city" else ["path", "query"] if name in ("round", "survey") else ["path"]:
        print(f'"{place}.{name}" = {{ dictionary = "{name}", probability = 0.8 }}')
PYTHON
}

# What "right" and "wrong" data is, the survey's rules decide, not the document's schemas. A session that comes as a
# cookie is not what Schemathesis takes away to look whether a call is answered without credentials.
unchecked=positive_data_acceptance,negative_data_rejection,missing_required_header

sent=0 failed=0
run() { # NAME, then options of `st run`
    local name=$1; shift
    "$st" --no-color --config-file schemathesis.toml run "$address/api/v1/openapi.json" \
        --exclude-checks "$unchecked" \
        --workers 1 --continue-on-failure --no-shrink --generation-database none --output-truncate false \
        --warnings off --report ndjson --report-ndjson-path "$folder/$name.ndjson" "$@" >"$name.txt" 2>&1 || failed=1
    local count
    count=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$name.txt" | tail -1)
    sent=$((sent + ${count:-0}))
    echo "  $name: $(sed -n '/^Test cases:/{n;s/^ *//;p;}' "$name.txt" | tail -1)"
    sed -n '/= \(FAILURES\|ERRORS\) =/,/= SUMMARY =/p' "$name.txt" | cut -c -300 | head -100
}

roles="administrator supervisor consultant operator field viewer"
each=$((cases / 6 / 220 + 1))
for role in $roles; do
    echo "as $role"
    serve "$role"
    configure
    run "$role" --header "Authorization: Bearer $token" --exclude-operation-id-regex "$ending" --max-examples "$each"
    cookie=$(sign_in)
    run "$role-own" --header "Cookie: $cookie" --header "Sec-Fetch-Site: same-origin" --include-path-regex "$own" \
        --exclude-operation-id-regex "$ending" --exclude-checks "$unchecked,ignored_auth" --max-examples "$each"
    run "$role-ending" --header "Cookie: $cookie" --header "Sec-Fetch-Site: same-origin" \
        --include-operation-id-regex "$ending" --exclude-checks "$unchecked,ignored_auth" --max-examples 2 --phases examples,coverage
    kill "$server"; wait "$server" || true; server=
    if grep -q 'ERROR.*panicked' "$role.log"; then echo "the server panicked: $role.log"; failed=1; fi
done
echo "$sent cases"
[ "$failed" = 0 ] && [ "$sent" -ge "$cases" ]
