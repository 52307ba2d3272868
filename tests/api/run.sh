#!/bin/bash
# Runs the black-box tests against a server of its own.
#
#     tests/api/run.sh MATINEE [FOLDER…]
#
# Starts the program with a fresh home on a free port, runs every test file (*.test.ts with the web
# application's tsx, *.test.sh with bash) of the folders beside this one, or of those named, stops
# the server, and looks at what it left: it must end with code 0, and no reply may have broken its
# schema. Ends with 1 when anything failed. MATINEE_TEST_KEEP=1 keeps the scratch folder. With
# TEST_DATABASE_URL (see tests/support/with-postgres.sh) the server keeps its rows there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
matinee=$(readlink -f "${1:?usage: run.sh MATINEE [FOLDER…]}")
shift
tsx=$root/web/node_modules/.bin/tsx
scratch=$(mktemp -d "${TMPDIR:-/tmp}/matinee-api.XXXXXX")
server_pid=

finish() {
    local code=$?
    if [ -n "$server_pid" ]; then kill -TERM "$server_pid" 2>/dev/null || true; fi
    if [ -n "$server_pid" ]; then wait "$server_pid" 2>/dev/null || true; fi
    if [ -n "${MATINEE_TEST_KEEP:-}" ]; then
        echo "# kept: $scratch"
    else
        rm -rf "$scratch"
    fi
    exit "$code"
}
trap finish EXIT

fail() {
    echo "not ok - $*"
    exit 1
}

start_server() {
    MATINEE_HOME=$scratch/home PORT=0 LIMITS=off MAX_FILE_SIZE=32M USER_QUOTA=48M \
        MATINEE_CONTRACT_LOG=$scratch/contract.log CORS_ORIGINS=https://films.example \
        "$matinee" serve >"$scratch/out" 2>"$scratch/err" &
    server_pid=$!
    local i
    for i in $(seq 1 150); do
        grep -q '^admin: ' "$scratch/out" 2>/dev/null && return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    sed 's/^/# /' "$scratch/err"
    fail "the server didn't start"
}

stop_server() {
    local code=0
    kill -TERM "$server_pid"
    wait "$server_pid" || code=$?
    server_pid=
    if [ "$code" -ne 0 ]; then
        tail -n 20 "$scratch/err" | sed 's/^/# /'
        fail "the server ended with code $code"
    fi
}

run_file() { # PATH
    echo "# ${1#"$here"/}"
    case $1 in
    *.test.ts) "$tsx" "$1" ;;
    *.test.sh) bash "$1" ;;
    esac
}

[ -z "${TEST_DATABASE_URL:-}" ] || export DATABASE_URL=$TEST_DATABASE_URL

[ -x "$tsx" ] || {
    echo "1..0 # SKIP the web application's tools aren't installed (npm ci in web/)"
    exit 77
}
start_server
MATINEE_URL=$(sed -n 's/^address: //p' "$scratch/out")
read -r _ MATINEE_ADMIN_EMAIL MATINEE_ADMIN_PASSWORD < <(grep '^admin: ' "$scratch/out")
export MATINEE_URL MATINEE_ADMIN_EMAIL MATINEE_ADMIN_PASSWORD
export MATINEE_TEST_HOME=$scratch/home MATINEE_TEST_SCRATCH=$scratch MATINEE_PROGRAM=$matinee

# Routes of the OpenAPI document that no test brought to answer well.
untested() {
    local name
    MATINEE_HOME=$scratch/home "$matinee" openapi | grep -o '"operationId":"[^"]*"' |
        cut -d'"' -f4 | while read -r name; do
            grep -q "\"route\":\"$name\",\"method\":\"[A-Z]*\",\"status\":[23]" \
                "$scratch/contract.log" || echo "$name"
        done
}

failures=0
whole=no
[ $# -gt 0 ] || { set -- "$here"/*/ && whole=yes; }
for folder in "$@"; do
    [ -d "$folder" ] || folder=$here/$folder
    for file in "${folder%/}"/*.test.ts "${folder%/}"/*.test.sh; do
        [ -e "$file" ] || continue
        run_file "$file" || failures=$((failures + 1))
    done
done
stop_server
if grep -q '"breach":"' "$scratch/contract.log"; then
    grep '"breach":"' "$scratch/contract.log" | sort | uniq -c | sort -rn | head -20 | sed 's/^/# /'
    fail "replies broke their contract"
fi
[ "$failures" -eq 0 ] || fail "$failures test files failed"
if [ $whole = yes ] && [ -n "$(untested)" ]; then
    fail "never tested: $(untested | tr '\n' ' ')"
fi
