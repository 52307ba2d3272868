# Starting, stopping and watching the server of this instance.

refuse_profile() { # PROFILE
    case $1 in
    auth | video | full | admin)
        fail "the profile '$1' isn't there yet; ./platform.sh start runs everything in one server"
        ;;
    *) fail "there's no profile '$1'; ./platform.sh start needs none" ;;
    esac
}

port_is_taken() {
    [ "$port" -ne 0 ] && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

health_answers() { # ADDRESS
    curl -fsS -o /dev/null --max-time 5 "${1%/}/health" 2>/dev/null
}

# Starts the server behind a pipe: what it prints for the operator, the administrator's password
# among it, is read here and shown, and never lies in a file. Its log is another stream.
launch() { # PIPE
    server_address=''
    setsid "$program" serve </dev/null >"$1" 2>>"$log_file" 3>&- 9>&- &
    server_pid=$!
    server_ticks=$(process_start_ticks "$server_pid")
}

# Takes in one line of the server; false when none came in time.
read_server_line() { # SECONDS
    local line
    read -r -t "$1" -u 3 line || return 1
    case $line in
    'address: '*) server_address=${line#address: } ;;
    'admin: '*) admin_line=$line ;;
    esac
}

# Waits until the server has told its address and answers there. False when it ended or takes more
# than a minute.
await_server() {
    local deadline=$((SECONDS + 60))
    admin_line=''
    while [ $SECONDS -lt $deadline ]; do
        [ -n "$(process_start_ticks "$server_pid")" ] || return 1
        if ! read_server_line 0.05 && [ -n "$server_address" ]; then
            ! health_answers "$server_address" || return 0
        fi
    done
    return 1
}

# Waits for the line on the administrator, which comes once in the life of an instance.
await_admin() { # SECONDS
    local deadline=$((SECONDS + $1))
    while [ -z "$admin_line" ]; do
        read_server_line 0.2 || [ $SECONDS -lt $deadline ] || return 0
    done
}

report_failed_start() {
    note "the server didn't start. The end of $log_file:"
    tail -n 5 "$log_file" >&2
    if [ -n "$(process_start_ticks "$server_pid")" ]; then
        kill -TERM "$server_pid" || true
    fi
    exit 1
}

write_pid_file() {
    printf '%s\n%s\n%s\n' "$server_pid" "$server_ticks" "$server_address" >"$pid_file"
}

run_server() {
    local pipe=$home/start.pipe admin_wait=0
    [ -e "$log_file" ] || admin_wait=5
    mkdir -p "$home/log"
    rm -f "$pipe"
    mkfifo -m 600 "$pipe"
    exec 3<>"$pipe"
    launch "$pipe"
    write_pid_file
    if ! await_server; then
        rm -f "$pipe"
        report_failed_start
    fi
    await_admin "$admin_wait"
    rm -f "$pipe"
    write_pid_file
    exec 3>&-
    say "address: $server_address"
    [ -z "$admin_line" ] || say "$admin_line"
}

# Two starts of one instance at a time would both find it stopped; the second waits here.
take_instance() {
    (umask 077 && mkdir -p "$home")
    exec 9>"$home/start.lock"
    flock 9
}

server_start() { # [PROFILE]
    [ $# -eq 0 ] || refuse_profile "$1"
    settle_instance
    take_instance
    if server_runs; then
        say "Matinee already runs."
        say "address: $server_address"
        return 0
    fi
    if port_is_taken; then
        fail "port $port is taken by another program; choose one with PORT=… ./platform.sh start"
    fi
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages_to_build
    build_release
    run_server
}

server_stop() {
    settle_instance
    if ! server_runs; then
        rm -f "$pid_file"
        say "Matinee doesn't run."
        return 0
    fi
    kill -TERM "$server_pid"
    local tenths=0
    while server_runs; do
        if [ $tenths -ge 400 ]; then
            note "process $server_pid still runs 40 s after it was asked to stop"
            exit 1
        fi
        sleep 0.1
        tenths=$((tenths + 1))
    done
    rm -f "$pid_file"
    say "Matinee has stopped."
}

server_status() {
    settle_instance
    if ! server_runs; then
        say "Matinee doesn't run."
        exit 3
    fi
    say "Matinee runs."
    say "address: $server_address"
    say "process: $server_pid"
    say "uptime: $(describe_seconds "$(process_age_seconds "$server_ticks")")"
    say "data: $home"
    if health_answers "$server_address"; then
        say "health: ok"
    else
        say "health: no answer"
    fi
}

server_logs() { # [SERVICE] [-f]
    local follow='' word
    settle_instance
    for word in "$@"; do
        case $word in
        -f | --follow) follow=-F ;;
        matinee | server) ;;
        *) fail "there's no log of '$word'; this version has one service: matinee" ;;
        esac
    done
    [ -f "$log_file" ] || fail "there's no log yet at $log_file"
    exec tail -n 100 $follow "$log_file"
}
