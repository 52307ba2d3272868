#!/bin/bash
# A 10 GB upload through tus, cut three times and resumed: how much the server's memory grows.
#
#     bench/upload.sh [SIZE_BYTES]
#
# The file is sparse on the sender's side; the server writes it all, so the disk needs the room.
. "$(dirname "$0")/common.sh"

need curl dd
size=${1:-10737418240}
start_server MAX_FILE_SIZE="$size"
token=$(access_token)
authorization="Authorization: Bearer $token"

send_from() { # OFFSET: sends the rest; ends with the transfer
    dd if=/dev/zero bs=1M iflag=count_bytes count=$((size - $1)) status=none |
        curl -sS -o /dev/null -w '%{http_code}' -X PATCH -T - -H "$authorization" \
            -H 'Tus-Resumable: 1.0.0' -H "Upload-Offset: $1" -H 'Expect:' \
            -H 'Content-Type: application/offset+octet-stream' "$location"
}

offset_now() {
    curl -fsS -I -H "$authorization" -H 'Tus-Resumable: 1.0.0' "$location" | tr -d '\r' |
        sed -n 's/^[Uu]pload-[Oo]ffset: //p'
}

# Sends until the server has this much more, then cuts the connection.
send_and_cut() { # OFFSET BYTES
    send_from "$1" >/dev/null 2>&1 &
    local sender=$! now=$1
    while [ "$now" -lt $(($1 + $2)) ]; do
        sleep 0.2
        now=$(offset_now || echo "$now")
        watch_memory
    done
    kill_tree $sender
    wait $sender 2>/dev/null || true
}

kill_tree() { # PID
    local child
    for child in $(pgrep -P "$1"); do kill_tree "$child"; done
    kill -KILL "$1" 2>/dev/null || true
}

watch_memory() {
    local resident
    resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$server_pid/status")
    [ "$resident" -le "$most" ] || most=$resident
}

location=$(curl -fsS -D - -o /dev/null -X POST -H "$authorization" -H 'Tus-Resumable: 1.0.0' \
    -H "Upload-Length: $size" -H "Upload-Metadata: filename $(printf zeros.mp4 | base64)" \
    "$address/api/v1/uploads" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
case $location in http*) ;; *) location=$address$location ;; esac
sleep 1
most=0
watch_memory
before=$most
started=$(now_ms)
for _ in 1 2 3; do
    send_and_cut "$(offset_now)" $((size / 5))
    sleep 0.5
done
send_from "$(offset_now)" >"$work/code" &
sender=$!
while kill -0 $sender 2>/dev/null; do
    watch_memory
    sleep 0.2
done
echo "the last part was answered with $(cat "$work/code")"
elapsed_ms=$(($(now_ms) - started))
grown=$(awk "BEGIN { printf \"%.1f\", ($most - $before) / 1024 }")
row "upload of $((size / 1048576)) MiB" "$((size / 1000 / elapsed_ms)) MB/s" \
    "from $((before / 1024)) MiB resident" "$grown" "<" 16
finish
