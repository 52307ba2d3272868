#!/bin/bash
# Matinee's command line for whoever runs it. `./platform.sh help` tells the commands.
#
# The work is done by the functions in tools/platform/; this file only chooses. Everything happens
# in the folder of this file, whatever the current one is. MATINEE_HOME (default ./var) and PORT
# (default 8080) keep instances apart.
set -euo pipefail

caller_folder=$PWD
cd "$(dirname "$(readlink -f "$0")")"
root=$PWD

. tools/platform/common.sh
. tools/platform/packages.sh
. tools/platform/build.sh
. tools/platform/server.sh
. tools/platform/test.sh

print_help() {
    cat <<'END'
Usage: ./platform.sh COMMAND

  start            install what is missing, build, and start the server; prints its address and,
                   the first time, the administrator's account
  stop             stop the server; requests in flight get 30 seconds
  status           tell whether it runs, where, since when, and how it is (exit 0 runs, 3 stopped)
  logs [SERVICE] [-f]   show the end of a service's log; -f follows it. Service: matinee
  test [SUITE…]    build with sanitizers and run all tests, or these suites
  help             this text

Environment: MATINEE_HOME  folder for database, films, keys, logs (default: ./var)
             PORT          where the server listens (default: 8080)
END
}

# Commands and profiles which are planned but can't be used yet are told apart from misspellings.
refuse_later() {
    fail "'$1' isn't there yet in this version. ./platform.sh help tells what is"
}

main() {
    local command=${1:-help}
    [ $# -eq 0 ] || shift
    case $command in
    start) server_start "$@" ;;
    stop) server_stop "$@" ;;
    status) server_status "$@" ;;
    logs) server_logs "$@" ;;
    test) run_tests "$@" ;;
    help | --help | -h) print_help ;;
    replication-status | backup | restore) refuse_later "$command" ;;
    *) fail "there's no command '$command'. ./platform.sh help tells what there is" ;;
    esac
}

main "$@"
