#!/bin/bash
# A 10 GB film through tus, its connection cut three times and resumed: how much does the server
# grow?
#
#     bench/upload10g.sh [MATINEE]
#
# The film is a real one with a sparse box of 10 GB behind it (an MP4 'free' box), so the server
# gets and stores every byte and can play the result. Prints one line for each measurement; ends
# with 1 when the film isn't ready at the end or the server grew by 16 MiB or more. Needs 11 GB of
# disk in TMPDIR. SIZE_GB=1 makes it short.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
matinee=$(readlink -f "${1:-$root/build/matinee}")
size=$((${SIZE_GB:-10} * 1000 * 1000 * 1000))
limit_kib=$((16 * 1024))
scratch=$(mktemp -d "${TMPDIR:-/tmp}/matinee-upload.XXXXXX")
server_pid=
sender_pid=

finish() {
    local code=$?
    if [ -n "$sender_pid" ]; then kill -9 "$sender_pid" 2>/dev/null || true; fi
    if [ -n "$server_pid" ]; then
        kill -TERM "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
    fi
    rm -rf "$scratch"
    exit "$code"
}
trap finish EXIT

fail() {
    echo "upload10g: $*" >&2
    exit 1
}

# Prints the value of a member of a flat JSON object.
json() { # NAME
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

make_film() {
    ffmpeg -v error -y -f lavfi -i testsrc2=size=256x144:rate=25:duration=2 -f lavfi \
        -i sine=duration=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac \
        "$scratch/film.mp4"
    # Box header with a 64-bit size, then a hole.
    printf '\0\0\0\1free%b' "$(printf '%016x' "$size" | sed 's/../\\x&/g')" >>"$scratch/film.mp4"
    truncate -s "+$((size - 16))" "$scratch/film.mp4"
}

start_server() {
    : >"$scratch/out"
    MATINEE_HOME=$scratch/home PORT=0 LIMITS=off "$matinee" serve >"$scratch/out" 2>"$scratch/err" &
    server_pid=$!
    local i
    for i in $(seq 1 100); do
        grep -q '^admin: ' "$scratch/out" && break
        sleep 0.1
    done
    url=$(sed -n 's/^address: //p' "$scratch/out")
    [ -n "$url" ] || fail "the server didn't start: $(tail -n 3 "$scratch/err")"
}

sign_in() {
    local email password
    read -r _ email password < <(grep '^admin: ' "$scratch/out")
    token=$(curl -sS "$url/api/auth/login" -H 'Content-Type: application/json' \
        -d "{\"email\":\"$email\",\"password\":\"$password\"}" | json access_token)
    [ -n "$token" ] || fail "signing in failed"
}

resident_kib() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$server_pid/status"
}

begin_upload() {
    curl -sS -o /dev/null -D "$scratch/head" -X POST "$url/api/v1/uploads" \
        -H "Authorization: Bearer $token" -H 'Tus-Resumable: 1.0.0' \
        -H "Upload-Length: $total" -H 'Upload-Metadata: filename bGFyZ2UubXA0'
    upload=$url$(tr -d '\r' <"$scratch/head" | sed -n 's/^[Ll]ocation: //p')
    video=${upload##*/}
}

offset_now() {
    curl -sS -I "$upload" -H "Authorization: Bearer $token" -H 'Tus-Resumable: 1.0.0' |
        tr -d '\r' | sed -n 's/^[Uu]pload-[Oo]ffset: //p'
}

# Sends from the offset in the background.
send_from() { # OFFSET
    tail -c "+$(($1 + 1))" "$scratch/film.mp4" |
        curl -sS -o "$scratch/reply" -w '%{http_code}' -X PATCH -T - "$upload" \
            -H "Authorization: Bearer $token" -H 'Tus-Resumable: 1.0.0' -H 'Expect:' \
            -H 'Content-Type: application/offset+octet-stream' -H "Upload-Offset: $1" \
            >"$scratch/code" 2>/dev/null &
    sender_pid=$!
}

note_peak() {
    local now
    now=$(resident_kib)
    [ "$now" -le "$peak_kib" ] || peak_kib=$now
}

# True when the upload has got so far; its stage is what tells without asking the server.
has_got() { # BYTES
    local have
    have=$(stat -c %s "$scratch/home/storage/stages/upload-$video" 2>/dev/null || echo 0)
    [ "$have" -ge "$1" ]
}

# One connection: cut when the upload has got so far, or left to its end.
send_once() { # BYTES
    local from
    from=$(offset_now)
    [ -n "$from" ] || return 0
    : >"$scratch/code"
    send_from "$from"
    while kill -0 "$sender_pid" 2>/dev/null; do
        note_peak
        if [ "$1" -lt "$total" ] && has_got "$1"; then
            kill -9 "$sender_pid"
            break
        fi
        sleep 0.1
    done
    wait "$sender_pid" 2>/dev/null || true
    sender_pid=
}

# Goes on until the upload has got so far, as a client does: while the broken connection before is
# still being noticed the answer is 423, and it tries again.
send_until() { # BYTES
    local tries
    for tries in $(seq 1 100); do
        send_once "$1"
        if [ "$1" -lt "$total" ] && has_got "$1"; then return 0; fi
        if [ "$(cat "$scratch/code")" = 204 ]; then return 0; fi
        sleep 0.3
    done
    fail "the upload doesn't get to $1 bytes"
}

make_film
total=$(stat -c %s "$scratch/film.mp4")
start_server
sign_in
begin_upload
sleep 1
before_kib=$(resident_kib)
peak_kib=$before_kib
began=$(date +%s%N)
for part in 1 2 3; do
    send_until $((total * part / 4))
    echo "cut at: $(offset_now) of $total bytes"
done
send_until "$total"
[ "$(cat "$scratch/code")" = 204 ] || fail "the last piece was answered $(cat "$scratch/code")"
seconds=$(awk -v a="$began" -v b="$(date +%s%N)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }')
echo "sent: $total bytes in $seconds s"
for _ in $(seq 1 600); do
    status=$(curl -sS "$url/api/v1/videos/$video" -H "Authorization: Bearer $token" |
        grep -o '"status":"[a-z]*"' | head -n 1 | json status)
    case $status in ready | failed) break ;; esac
    sleep 0.1
done
grown_kib=$((peak_kib - before_kib))
echo "video: $status"
echo "resident memory: $before_kib KiB before, $peak_kib KiB at most, grown by $grown_kib KiB"
[ "$status" = ready ] || fail "the film isn't ready"
[ "$grown_kib" -lt "$limit_kib" ] || fail "more than $limit_kib KiB"
