#!/bin/bash
# Shows that platform.sh starts, finds, describes and stops a server of its own, that the
# administrator is shown once and written nowhere, and that it never touches a foreign process.
#
#     tests/tools/platform.sh ROOT
#
# Runs on the shipped build (suite `release`), in a folder and on a port of its own.
set -u
. "$(dirname "$0")/tap.sh"

root=$1
work=$(mktemp -d)
export MATINEE_HOME=$work/home
platform=$root/platform.sh

clean_up() {
    "$platform" stop >/dev/null 2>&1
    [ -z "${listener:-}" ] || kill "$listener" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

PORT=$((20000 + RANDOM % 10000))
until port_is_free $PORT; do PORT=$((PORT + 1)); done
export PORT

ends_with() { # CODE COMMAND…: the command ends with this code
    local wanted=$1 code
    shift
    "$@"
    code=$?
    echo "code $code"
    [ $code -eq "$wanted" ]
}

says() { # PATTERN COMMAND…: the command's output has a line like this
    local pattern=$1
    shift
    "$@" 2>&1 | tee /dev/stderr | grep -Eq "$pattern"
}

starts_first() {
    "$platform" start >"$work/first" || return 1
    cat "$work/first"
    grep -Eq '^address: http://[^ ]+$' "$work/first" &&
        grep -Eq '^admin: [^ @]+@[^ ]+ [^ ]{10,}$' "$work/first" &&
        [ "$(wc -l <"$work/first")" -eq 2 ]
}

answers() {
    curl -fsS "$(sed -n 's/^address: //p' "$work/first")/health" | grep -q '"ok"'
}

signs_in() {
    local address email password
    address=$(sed -n 's/^address: //p' "$work/first")
    read -r _ email password < <(grep '^admin: ' "$work/first")
    curl -fsS -H 'Content-Type: application/json' "${address%/}/api/auth/login" \
        -d "{\"email\":\"$email\",\"password\":\"$password\"}" | grep -q '"role":"admin"'
}

password_is_nowhere() {
    ! grep -raqF -e "$(sed -n 's/^admin: [^ ]* //p' "$work/first")" "$MATINEE_HOME"
}

starts_again_without_admin() {
    "$platform" stop && "$platform" start >"$work/again" || return 1
    cat "$work/again"
    grep -q '^address: ' "$work/again" && ! grep -q '^admin: ' "$work/again"
}

log_is_json() {
    "$platform" logs | tail -n 1 | grep -Eq '^\{.*"timestamp".*\}$'
}

# A pid file may outlive a crash or a reboot, and its number may be another process's by then.
leaves_foreign_process() {
    sleep 600 &
    local foreign=$!
    printf '%s\n1\nhttp://127.0.0.1:%s\n' "$foreign" "$PORT" >"$MATINEE_HOME/matinee.pid"
    "$platform" stop
    kill -0 $foreign || return 1
    kill $foreign
}

other_home_same_port() {
    MATINEE_HOME=$work/other "$platform" start
}

ok "nothing runs at first: status ends with 3" ends_with 3 "$platform" status
ok "stop without a server says so and ends with 0" says "doesn't run" "$platform" stop
ok "a bad PORT is told" ends_with 2 env PORT=films "$platform" status
ok "start prints the address and the administrator, nothing else" starts_first
ok "the server answers there" answers
ok "the administrator can sign in" signs_in
ok "the administrator's password is in no file" password_is_nowhere
ok "a second start finds the first" says 'already runs' "$platform" start
ok "status ends with 0" ends_with 0 "$platform" status
ok "status tells address, process, uptime and health" says '^health: ok' "$platform" status
ok "logs are lines of JSON" log_is_json
ok "another instance is told that the port is taken" says 'is taken' other_home_same_port
ok "after stop and start the administrator isn't shown again" starts_again_without_admin
ok "stop ends with 0" ends_with 0 "$platform" stop
ok "and then nothing answers" port_is_free $PORT
ok "a foreign process behind an old pid file lives on" leaves_foreign_process
ok "a profile that isn't there yet is refused" ends_with 2 "$platform" start full
ok "a command that isn't there yet is refused" ends_with 2 "$platform" backup
ok "an unknown command is refused" ends_with 2 "$platform" frobnicate
tap_end
