# Building with sanitizers, running every test, counting.
#
# Four builds: clang compiles all, address and undefined-behaviour sanitizers see the whole suite,
# the thread sanitizer the parts where threads meet, and what is about speed or the command line
# (suite `release`) runs on the program as it is shipped. Logs are in FOLDER/meson-logs/.

suites_with_threads='unit net store api'

sanitizer_settings() {
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:abort_on_error=0}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
    export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:exitcode=66}
}

# The suites of a build, one a line.
suites_of() { # FOLDER
    meson test -C "$1" --list 2>/dev/null | sed -n 's/^matinee:\([^ ]*\) .*/\1/p' | tr '+' '\n' |
        sort -u
}

# What of the wanted suites the build has, as meson's arguments.
suite_arguments() { # FOLDER SUITES…
    local folder=$1 suite
    shift
    for suite in "$@"; do
        ! suites_of "$folder" | grep -qx "$suite" || printf '%s\n' "--suite=$suite"
    done
}

# Counts a run's log into passed, failed and skipped. A test that prints its cases (TAP, cmocka)
# counts by case, any other as one; a test which broke off counts at least one failure.
count_log() { # TESTLOG_JSON
    awk '
        function number_of(pattern, text,   n) {
            n = 0
            while (match(text, pattern)) {
                n++
                text = substr(text, RSTART + RLENGTH)
            }
            return n
        }
        # The numbers that stand before a phrase, summed up.
        function sum_before(phrase, text,   n) {
            n = 0
            while (match(text, "[0-9]+" phrase)) {
                n += substr(text, RSTART, RLENGTH) + 0
                text = substr(text, RSTART + RLENGTH)
            }
            return n
        }
        {
            match($0, /"result": "[A-Z]*"/)
            result = substr($0, RSTART + 11, RLENGTH - 12)
            output = $0
            sub(/"env": {[^}]*}/, "", output)
            good = number_of("\\[       OK \\]", output) + number_of("(\"|\\\\n)ok [0-9]+", output)
            bad = sum_before(" FAILED TEST", output)
            skipped += sum_before(" SKIPPED TEST", output)
            bad += number_of("(\"|\\\\n)not ok [0-9]+", output)
            if (result == "SKIP") {
                skipped++
            } else if (result == "OK" || result == "EXPECTEDFAIL") {
                passed += good ? good : 1
            } else {
                passed += good
                failed += bad ? bad : 1
            }
        }
        END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# Builds a folder and runs its tests; adds to total_passed, total_failed, total_skipped.
run_build() { # FOLDER NAME MESON_TEST_ARGUMENTS…
    local folder=$1 name=$2 log passed failed skipped
    shift 2
    log=$folder/meson-logs/$name.json
    rm -f "$log"
    note "running the tests of $folder"
    meson test -C "$folder" --logbase "$name" --print-errorlogs --timeout-multiplier 3 \
        --no-rebuild "$@" >&2 || true
    if [ ! -f "$log" ]; then
        note "$folder: the tests couldn't be run"
        total_failed=$((total_failed + 1))
        return 0
    fi
    read -r passed failed skipped <<<"$(count_log "$log")"
    note "$folder: $passed passed, $failed failed, $skipped skipped"
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    total_skipped=$((total_skipped + skipped))
}

# A build which fails is a failed test: the count must not look good because half of it is absent.
build_for_tests() { # FOLDER MESON_OPTIONS…
    if ! { configure_build "$@" && compile "$1"; }; then
        note "$1 couldn't be built"
        total_failed=$((total_failed + 1))
        return 1
    fi
}

test_with_sanitizers() { # WEB_MODE SUITES…
    local mode=$1
    shift
    local arguments
    if build_for_tests build-asan --buildtype=debugoptimized -Db_sanitize=address,undefined \
        -Db_lundef=false "-Dweb=$mode"; then
        mapfile -t arguments < <(suite_arguments build-asan "$@")
        if [ $# -eq 0 ]; then
            run_build build-asan all --no-suite=release
        elif [ ${#arguments[@]} -gt 0 ]; then
            run_build build-asan chosen "${arguments[@]}"
        fi
    fi
}

test_threads() { # SUITES…
    local arguments
    build_for_tests build-tsan --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false \
        -Dweb=disabled || return 0
    mapfile -t arguments < <(suite_arguments build-tsan "$@")
    [ ${#arguments[@]} -eq 0 ] || run_build build-tsan threads "${arguments[@]}"
}

test_release() { # WEB_MODE
    local arguments
    build_for_tests build --buildtype=release "-Dweb=$1" || return 0
    mapfile -t arguments < <(suite_arguments build release)
    [ ${#arguments[@]} -eq 0 ] || run_build build release "${arguments[@]}"
}

# The house is built by two compilers, both without a warning. That the second one can is one test.
test_clang() {
    if CC=clang build_for_tests build-clang --buildtype=debugoptimized -Dweb=disabled; then
        note "build-clang: clang accepts everything"
        total_passed=$((total_passed + 1))
    fi
}

# The suites among those asked for which have threads.
threaded_among() { # SUITES…
    local suite
    for suite in $suites_with_threads; do
        [[ $# -gt 0 && " $* " != *" $suite "* ]] || printf '%s ' "$suite"
    done
}

run_tests() { # SUITES…
    local mode threaded total_passed=0 total_failed=0 total_skipped=0
    # shellcheck disable=SC2086 # lists of words
    install_packages $packages_to_build $packages_to_test
    sanitizer_settings
    unset MATINEE_HOME PORT
    mode=$(web_mode)
    [ $# -gt 0 ] || test_clang
    test_with_sanitizers "$mode" "$@"
    threaded=$(threaded_among "$@")
    # shellcheck disable=SC2086 # a list of words
    [ -z "$threaded" ] || test_threads $threaded
    [[ $# -gt 0 && " $* " != *" release "* ]] || test_release "$mode"
    [ $((total_passed + total_failed + total_skipped)) -gt 0 ] || fail "there are no such tests: $*"
    [ "$total_skipped" -eq 0 ] || say "$total_skipped skipped"
    say "$total_passed passed, $total_failed failed"
    [ "$total_failed" -eq 0 ]
}
