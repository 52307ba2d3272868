#!/bin/sh
# Runs the browser tests against a Matinee of their own.
#
#     tests/browser/run.sh MATINEE [TEST.test.ts …]
#
# Starts the program with an empty home on a free port, waits until it answers, runs the tests with
# node's test runner, stops it, and leaves nothing behind. SCREENSHOTS names a folder for pictures.
# Skipped (77) where Chromium, ffmpeg or the packages of web/ aren't there.
set -u

here=$(cd "$(dirname "$0")" && pwd)
web=$(cd "$here/../../web" && pwd)
matinee=${1:?which matinee shall be tested?}
shift
[ $# -gt 0 ] || set -- "$here"/*.test.ts

for tool in "${CHROMIUM:-/usr/bin/chromium}" ffmpeg node npm curl; do
    command -v "$tool" >/dev/null || { echo "$tool isn't installed"; exit 77; }
done
[ -d "$web/node_modules/playwright-core" ] || { echo "web/node_modules isn't there"; exit 77; }

home=$(mktemp -d "${TMPDIR:-/tmp}/matinee-browser.XXXXXX")
server=
finish() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$server" ] && kill -TERM "$server" 2>/dev/null; then
        wait "$server"
        ended=$?
        [ "$ended" -eq 0 ] || { echo "matinee ended with $ended"; [ "$status" -ne 0 ] || status=1; }
    fi
    if [ "$status" -ne 0 ]; then
        echo "--- last lines of the server"
        tail -n 40 "$home/log" 2>/dev/null
    fi
    rm -rf "$home"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

mkdir "$home/var"
MATINEE_HOME="$home/var" PORT="${PORT:-0}" "$matinee" serve >"$home/out" 2>"$home/log" &
server=$!

# Prints what follows "NAME: " in the server's first lines.
told() { sed -n "s/^$1: //p" "$home/out" | head -n 1; }

# The administrator is told a moment after the address: hashing a password takes its time.
url= admin=
for _ in $(seq 1 200); do
    url=$(told address)
    admin=$(told admin)
    if [ -n "$url" ] && [ -n "$admin" ] && curl -fsS -o /dev/null "$url/health" 2>/dev/null; then
        break
    fi
    kill -0 "$server" 2>/dev/null || { echo "matinee did not start"; server=; exit 1; }
    url=
    sleep 0.1
done
[ -n "$url" ] || { echo "matinee never answered"; exit 1; }

export MATINEE_URL="$url"
export MATINEE_ADMIN_EMAIL="${admin%% *}"
export MATINEE_ADMIN_PASSWORD="${admin#* }"

# The types the application was built with must be those of this very server.
curl -fsS "$url/api/openapi.json" >"$home/openapi.json" || exit 1
npm --prefix "$web" run --silent generate:check -- "$home/openapi.json" || exit 1

# One file after the other: browsers side by side would only wait for each other.
result=0
for test in "$@"; do
    node --import "$web/node_modules/tsx/dist/esm/index.mjs" --test "$test" || result=1
done
exit "$result"
