# What all parts of platform.sh share: messages, settings, facts about processes.

say() {
    printf '%s\n' "$*"
}

note() { # progress, for people; scripts read standard output
    printf '%s\n' "platform: $*" >&2
}

fail() { # misuse, or something the operator must change
    printf '%s\n' "platform: $*" >&2
    exit 2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Sets home, port and the files of this instance. A relative MATINEE_HOME is meant from where the
# operator stands, the default lies beside platform.sh.
settle_instance() {
    home=${MATINEE_HOME:-$root/var}
    case $home in /*) ;; *) home=$caller_folder/$home ;; esac
    port=${PORT:-8080}
    case $port in '' | *[!0-9]*) fail "PORT must be a number, not '$port'" ;; esac
    [ "$port" -le 65535 ] || fail "PORT must be at most 65535, not $port"
    pid_file=$home/matinee.pid
    log_file=$home/log/matinee.log
    export MATINEE_HOME=$home PORT=$port
}

# The moment a process started, in ticks since boot; nothing when there's no such process. The
# name in /proc/PID/stat may hold blanks and parentheses, so fields count from the last ')'.
process_start_ticks() { # PID
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    read -r -a fields <<<"${stat##*) }"
    [ "${fields[0]}" = Z ] || printf '%s\n' "${fields[19]}"
}

process_age_seconds() { # START_TICKS
    local uptime
    read -r uptime _ </proc/uptime
    printf '%s\n' $((${uptime%.*} - $1 / $(getconf CLK_TCK)))
}

# Reads the pid file into server_pid, server_ticks and server_address. True only when that very
# process still runs: a number that another process got since doesn't count.
server_runs() {
    server_pid='' server_ticks='' server_address=''
    [ -f "$pid_file" ] || return 1
    { read -r server_pid && read -r server_ticks && read -r server_address; } <"$pid_file" || true
    case $server_pid in '' | *[!0-9]*) return 1 ;; esac
    [ -n "$server_ticks" ] && [ "$(process_start_ticks "$server_pid")" = "$server_ticks" ]
}

describe_seconds() { # SECONDS
    local days=$(($1 / 86400)) hours=$(($1 / 3600 % 24)) minutes=$(($1 / 60 % 60))
    if [ "$days" -gt 0 ]; then
        say "$days d $hours h"
    elif [ "$hours" -gt 0 ]; then
        say "$hours h $minutes min"
    else
        say "$minutes min $(($1 % 60)) s"
    fi
}
