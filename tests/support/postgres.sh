#!/bin/sh
# A private PostgreSQL for tests: it listens on a unix socket in its own folder and nowhere else,
# trusts whoever can reach that folder, and keeps nothing once stopped.
#
#     tests/support/postgres.sh start FOLDER     prints its URL
#     tests/support/postgres.sh crash FOLDER     kills it with SIGKILL and starts it again
#     tests/support/postgres.sh stop FOLDER      stops it and removes the folder
#
# The server refuses to run as root, so root runs it as the user postgres that the package makes.
# Durability settings stay as they are in production except for fsync, which only matters when the
# machine itself goes down.
set -eu

fail() {
    echo "postgres.sh: $1" >&2
    exit 1
}

find_programs() {
    for bin in "${POSTGRES_BIN:-}" /usr/lib/postgresql/*/bin; do
        if [ -n "$bin" ] && [ -x "$bin/initdb" ]; then
            echo "$bin"
            return
        fi
    done
    fail "PostgreSQL's programs aren't installed (package postgresql)"
}

as_owner() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

run_server() {
    as_owner "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" start >/dev/null
}

start() {
    mkdir -p "$folder"
    chmod 755 "$folder"
    [ "$(id -u)" != 0 ] || chown postgres: "$folder"
    cd "$folder"
    as_owner "$bin/initdb" -D "$folder/data" -U matinee --auth=trust -E UTF8 --locale=C.UTF-8 \
        --no-sync >"$folder/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 3 "$folder/initdb.log")"
    cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 150
shared_buffers = 32MB
fsync = off
log_min_messages = error
CONF
    run_server || fail "the server didn't start: $(tail -n 3 "$folder/server.log")"
    echo "postgres:///postgres?host=$folder&user=matinee"
}

# The dead server's children and its entry in the process table stay for a moment, and so long a new
# one refuses to start.
crash() {
    cd "$folder"
    kill -9 "$(head -n 1 "$folder/data/postmaster.pid")"
    tries=0
    until run_server 2>>"$folder/server.log"; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || fail "the server didn't come back: $(tail -n 3 "$folder/server.log")"
        sleep 0.2
    done
}

stop() {
    cd /
    if [ -s "$folder/data/postmaster.pid" ]; then
        as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w -t 30 stop >/dev/null || true
    fi
    rm -rf "$folder"
}

[ $# = 2 ] || fail "usage: postgres.sh start|crash|stop FOLDER"
folder=$2
case $folder in
/*) ;;
*) fail "name the folder with its whole path" ;;
esac
bin=$(find_programs)
case $1 in
start) start ;;
crash) crash ;;
stop) stop ;;
*) fail "usage: postgres.sh start|crash|stop FOLDER" ;;
esac
