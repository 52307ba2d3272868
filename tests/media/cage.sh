#!/bin/sh
# cage.sh PROGRAM [sanitized]: shows that each way out of the cage is refused (exit 0) or deadly
# (SIGSYS), and that the limits hold. Prints TAP.
program=$1
sanitized=$2
# The leak checker starts a tracing process at the end, which the cage rightly kills.
[ -z "$sanitized" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
output=/dev/null
number=0
failed=0

# attempt NAME EXPECTED...: the outcome must be one of the numbers; 159 is SIGSYS, 152 SIGXCPU,
# 153 SIGXFSZ.
attempt() {
    name=$1
    shift
    number=$((number + 1))
    "$program" "$name" </dev/null >"$output" 2>/dev/null
    outcome=$?
    for expected in "$@"; do
        if [ "$outcome" = "$expected" ]; then
            echo "ok $number - $name: $outcome"
            return
        fi
    done
    echo "not ok $number - $name: $outcome instead of $*"
    failed=1
}

attempt thread 0
attempt open 0
attempt create 0
attempt clone3 0
attempt ioctl 0
attempt inherited 0
for deadly in unlink socket exec fork map-exec make-exec kill trace limit dup; do
    attempt $deadly 159
done
attempt processor 152
[ -n "$sanitized" ] || attempt memory 0
output=$(mktemp)
attempt file-size 153
rm -f "$output"
if [ -e /tmp/matinee-cage-escaped ]; then
    echo "not ok $((number + 1)) - a file was made"
    failed=1
fi
echo "1..$number"
exit $failed
