# What the shell tests share: counting, and answering in TAP (https://testanything.org).
#
# Source it, then call `ok NAME COMMAND…` (passes when the command does) any number of times and
# `tap_end` last. A command's output is shown, commented, only when the test fails.
tap_count=0
tap_failed=0

ok() {
    tap_name=$1
    shift
    tap_count=$((tap_count + 1))
    if tap_output=$("$@" 2>&1); then
        echo "ok $tap_count - $tap_name"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $tap_name"
        printf '%s\n' "$tap_output" | sed 's/^/# /'
    fi
}

tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
