#!/bin/bash
# Requests a second against nginx in the same run: small JSON, the home page, a segment of a film.
#
#     bench/http.sh
#
# nginx serves the very bytes that our server answered with. BENCH_SECONDS (default 3) is the length
# of each of the five rounds.
. "$(dirname "$0")/common.sh"

need curl wrk nginx ffmpeg
start_server
start_nginx

# A film whose segments are about 2 MB: noise resists compression.
make_film() {
    ffmpeg -v error -f lavfi -i "testsrc2=s=1280x720:r=30:d=8,noise=alls=60:allf=t" -f lavfi \
        -i "sine=440:d=8" -c:v libx264 -preset ultrafast -b:v 8M -c:a aac -shortest \
        "$work/film.mp4"
}

# Uploads the film, waits until it's ready, prints the path of its largest segment.
largest_segment() {
    local token id hls rendition url size best=0 found=''
    token=$(access_token)
    id=$(curl -fsS -H "Authorization: Bearer $token" -F title=Noise -F visibility=public \
        -F "file=@$work/film.mp4" "$address/api/v1/videos" |
        sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
    for _ in $(seq 300); do
        curl -fsS "$address/api/v1/videos/$id" >"$work/video" 2>/dev/null || true
        ! grep -q '"status":"ready"' "$work/video" || break
        sleep 0.5
    done
    hls=$(sed -n 's/.*"hls":"\([^"]*\)".*/\1/p' "$work/video")
    for rendition in $(curl -fsS "$address$hls" | grep -v '^#'); do
        rendition=${rendition%%\?*}
        for url in $(curl -fsS "$address${hls%/*}/$rendition" | grep -v '^#'); do
            url=${hls%/*}/${rendition%/*}/${url%%\?*}
            size=$(curl -fsS -o /dev/null -w '%{size_download}' "$address$url")
            [ "$size" -le "$best" ] || { best=$size && found=$url; }
        done
    done
    echo "$found"
}

make_film
segment=$(largest_segment)
[ -n "$segment" ] || { echo "bench: the film didn't become ready" >&2; exit 1; }
curl -fsS "$address/health" >"$work/static/health.json"
curl -fsS "$address/" >"$work/static/home.html"
curl -fsS "$address$segment" >"$work/static/segment.m4s"
echo "segment: $segment, $(stat -c %s "$work/static/segment.m4s") bytes"
nginx_address=http://127.0.0.1:$nginx_port
compare "small JSON (/health)" "$address/health" "$nginx_address/health.json" 64 0.8
compare "home page" "$address/" "$nginx_address/home.html" 64 0.8
compare "segment" "$address$segment" "$nginx_address/segment.m4s" 16 0.8
finish
