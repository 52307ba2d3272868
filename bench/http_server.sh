#!/bin/bash
# Requests a second of the bare HTTP server against nginx, one thread on each side.
#
#     bench/http_server.sh
#
# The server is the test application tests/api/hostile/echo_server with one poll thread: small JSON
# made on the poll thread, a file of 2 MB by sendfile. nginx has one worker and serves the same
# bytes. So this shows what src/net costs, apart from routing, sign-in and database, which
# bench/http.sh includes. BENCH_SECONDS (default 3) is the length of each of the five rounds.
bench_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MATINEE_PROGRAM=${MATINEE_PROGRAM:-$bench_folder/../build/tests/api/hostile/echo_server}
. "$bench_folder/common.sh"

need curl wrk nginx
start_nginx
nginx_address=http://127.0.0.1:$nginx_port
mkfifo "$work/words"
exec 9<>"$work/words"
head -c 2000000 /dev/urandom >"$work/static/film.m4s"
"$program" threads=1 file="$work/static/film.m4s" <&9 >"$work/said" 2>"$work/errors" &
server_pid=$!
until grep -q '^port ' "$work/said"; do
    kill -0 "$server_pid" 2>/dev/null || { cat "$work/errors" >&2; exit 1; }
    sleep 0.02
done
address=http://127.0.0.1:$(sed -n 's/^port //p' "$work/said")
curl -fsS "$address/health" >"$work/static/health.json"

compare "small JSON" "$address/health" "$nginx_address/health.json" 64 0.8
compare "file of 2 MB" "$address/file" "$nginx_address/film.m4s" 16 0.8
finish
