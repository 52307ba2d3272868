#!/bin/bash
# How soon the server answers, and how much memory it takes while idle, server and worker together.
#
#     bench/start.sh
#
# Each start has an empty home: the database, keys and the administrator are made in that time, too.
. "$(dirname "$0")/common.sh"

need curl pgrep
: >"$work/fresh"
: >"$work/memory"
for _ in 1 2 3 4 5; do
    start_server
    echo "$first_answer_ms" >>"$work/fresh"
    sleep 2
    resident_mib "$server_pid" >>"$work/memory"
    echo >>"$work/memory"
    stop_server
done
fresh=$(median <"$work/fresh")
memory=$(median <"$work/memory")
row "first answer, empty home" "$fresh ms" "" "$fresh" "<=" 250
row "idle resident memory" "$memory MiB" "" "$memory" "<" 40
finish
