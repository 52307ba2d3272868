#!/bin/sh
# Shows that embedded files come out of the program byte for byte, in both encodings, with their
# types and tags, and that a build without web pages holds the page of advice.
#
#     tests/tools/embed.sh EMBED SRC
set -u
. "$(dirname "$0")/tap.sh"

embed=$(readlink -f "$1")
src=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

cat >show.c <<'END'
#include "net/asset.h"
#include <stdio.h>
int main(int argc, char **argv) {
    const struct asset *a = argc == 3 ? asset_find(argv[2]) : NULL;
    if (!a) return 1;
    if (argv[1][0] == 'b') return fwrite(a->bytes, 1, a->size, stdout) != a->size;
    if (argv[1][0] == 'g') return fwrite(a->gzip, 1, a->gzip_size, stdout) != a->gzip_size;
    printf("%s %s %s %d\n", a->type, a->etag, a->etag_gzip, a->gzip != NULL);
    return 0;
}
END
build() {
    cc -Wall -Wextra -Werror -I"$src" -o show show.c assets.c
}

mkdir -p dist/assets
{ printf '<!doctype html>'; seq 1 500; } >dist/index.html
seq 1 2000 >dist/assets/app-1f.js
head -c 5000 /dev/urandom >dist/assets/font.woff2
head -c 5000 /dev/urandom >dist/assets/noise.bin
: >dist/assets/empty.css
echo '{}' >dist/assets/app-1f.js.map

makes() { "$embed" dist assets.c assets.bin assets.d && build; }
same_bytes() { ./show b "/$1" | cmp - "dist/$1"; }
same_gzip() { ./show g "/$1" | gzip -dc | cmp - "dist/$1"; }
describes() { ./show d "$1" | grep -Eq "$2"; }
is_absent() { ! ./show d "$1"; }
tag() { ./show d "$1" | cut -d'"' -f2; }
differs() { [ "$(tag /index.html)" != "$(tag /assets/app-1f.js)" ]; }

ok "a folder becomes a table that compiles" makes
for file in index.html assets/app-1f.js assets/font.woff2 assets/noise.bin assets/empty.css; do
    ok "$file has its bytes" same_bytes "$file"
done
for file in index.html assets/app-1f.js; do
    ok "$file unpacks to its bytes" same_gzip "$file"
done
ok "a page has its type and a gzip body" describes /index.html \
    '^text/html; charset=utf-8 "[0-9a-f]{32}" "[0-9a-f]{32}-gz" 1$'
ok "a font isn't compressed again" describes /assets/font.woff2 '^font/woff2 .* 0$'
ok "noise keeps no gzip body, for it wouldn't be smaller" describes /assets/noise.bin \
    '^application/octet-stream .* 0$'
ok "different bytes have different tags" differs
ok "a source map stays out" is_absent /assets/app-1f.js.map
ok "another path finds nothing" is_absent /nothing
ok "the build learns what was read" grep -q 'dist/assets/app-1f.js' assets.d

falls_back() { "$embed" --or-page nowhere assets.c assets.bin assets.d && build; }
only_page() { "$embed" --page assets.c assets.bin && build; }
advises() { ./show b /index.html | grep -q 'npm'; }
refuses() { "$embed" nowhere assets.c assets.bin; [ $? -eq 2 ]; }
ok "without the folder there's the page of advice" falls_back
ok "the page says how to build the application" advises
ok "the page can be asked for" only_page
ok "without the folder and without the wish for a page it ends with 2" refuses
tap_end
