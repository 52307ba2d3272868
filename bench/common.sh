# What the measurements share: a server of their own, nginx beside it, medians, the verdict.
#
# Source it from a script in bench/. Needs the release build (./platform.sh start makes it, or
# `meson setup build --buildtype=release && ninja -C build`). Both sides are measured in one run, in
# turns, so that what else the machine does falls on both. Nothing is left running or on disk.
set -euo pipefail

bench_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${MATINEE_PROGRAM:-$bench_root/build/matinee}
work=$(mktemp -d "${TMPDIR:-/tmp}/matinee-bench.XXXXXX")
server_pid='' nginx_pid='' address='' admin_email='' admin_password='' missed=0

clean_up() {
    [ -z "$server_pid" ] || kill -TERM "$server_pid" 2>/dev/null || true
    [ -z "$nginx_pid" ] || kill -TERM "$nginx_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

need() { # COMMAND…
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || { echo "bench: install $command first" >&2; exit 2; }
    done
    [ -x "$program" ] || { echo "bench: $program isn't built" >&2; exit 2; }
}

free_port() {
    local port=$((20000 + RANDOM % 10000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# Starts the server in an own home and waits for its first answer; sets server_pid, address,
# admin_email, admin_password and first_answer_ms.
start_server() { # SETTING=VALUE…
    local port started home
    port=$(free_port)
    home=$(mktemp -d "$work/home.XXXXXX")
    started=$(now_ms)
    env MATINEE_HOME="$home" PORT="$port" LIMITS=off LOG_LEVEL=warning "$@" \
        "$program" serve >"$home.out" 2>"$home.log" &
    server_pid=$!
    until curl -fs -o /dev/null "http://127.0.0.1:$port/health"; do
        kill -0 "$server_pid" 2>/dev/null || { tail -n 5 "$home.log" >&2; exit 1; }
        [ $(($(now_ms) - started)) -lt 20000 ] || { echo "bench: no answer" >&2; exit 1; }
        sleep 0.005
    done
    first_answer_ms=$(($(now_ms) - started))
    address=http://127.0.0.1:$port
    read_admin "$home.out"
}

read_admin() { # FILE
    local tries=0
    until grep -q '^admin: ' "$1" || [ $tries -ge 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    read -r _ admin_email admin_password < <(grep '^admin: ' "$1") || true
}

stop_server() {
    kill -TERM "$server_pid"
    wait "$server_pid" || true
    server_pid=''
}

# Starts nginx with one worker and sendfile, as its manual advises for files, serving $work/static.
start_nginx() {
    nginx_port=$(free_port)
    mkdir -p "$work/static" "$work/nginx"
    cat >"$work/nginx.conf" <<END
worker_processes 1;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
daemon off;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=100;
    types { application/json json; video/mp4 m4s; text/html html; }
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    server { listen 127.0.0.1:$nginx_port; root $work/static; }
}
END
    chmod 755 "$work" "$work/static"
    nginx -c "$work/nginx.conf" -e "$work/nginx/error.log" -g "user $(id -un);" &
    nginx_pid=$!
    until (exec 3<>"/dev/tcp/127.0.0.1/$nginx_port") 2>/dev/null; do sleep 0.02; done
}

access_token() {
    curl -fsS -H 'Content-Type: application/json' "$address/api/auth/login" \
        -d "{\"email\":\"$admin_email\",\"password\":\"$admin_password\"}" |
        sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'
}

median() { # reads numbers, one a line
    sort -g | awk '{ v[NR] = $1 }
        END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

requests_per_second() { # URL CONNECTIONS SECONDS
    wrk -t 1 -c "$2" -d "${3}s" "$1" | tee "$work/wrk.last" |
        sed -n 's/^Requests\/sec: *\([0-9.]*\).*/\1/p'
    if grep -q 'Non-2xx' "$work/wrk.last"; then
        echo "bench: $1 answered with errors" >&2
        exit 1
    fi
}

# Measures two URLs in turns and prints one row: median of ours, of theirs, ratio, budget.
compare() { # NAME OUR_URL THEIR_URL CONNECTIONS BUDGET
    local round ours theirs
    : >"$work/ours"
    : >"$work/theirs"
    for round in 1 2 3 4 5; do
        requests_per_second "$2" "$4" "${BENCH_SECONDS:-3}" >>"$work/ours"
        requests_per_second "$3" "$4" "${BENCH_SECONDS:-3}" >>"$work/theirs"
    done
    ours=$(median <"$work/ours")
    theirs=$(median <"$work/theirs")
    row "$1" "$ours requests/s" "nginx $theirs requests/s" \
        "$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")" ">=" "$5"
}

# Prints a row and remembers a missed budget.
row() { # NAME OURS THEIRS VALUE COMPARISON BUDGET
    local verdict=met
    awk "BEGIN { exit !($4 $5 $6) }" || { verdict=MISSED && missed=1; }
    printf '%-26s %-24s %-26s %8s  budget %s %s: %s\n' "$1" "$2" "$3" "$4" "$5" "$6" "$verdict"
}

# Resident memory of a process and its children, in MiB.
resident_mib() { # PID
    awk '/^VmRSS/ { sum += $2 } END { printf "%.1f", sum / 1024 }' "/proc/$1/status" \
        $(pgrep -P "$1" | sed 's|.*|/proc/&/status|')
}

finish() {
    exit $missed
}
