#!/bin/sh
# Holds the web application's generated client against the document of the program it talks to.
#
#     tests/web/client.sh WEB_FOLDER MATINEE
set -u

document=$(mktemp)
trap 'rm -f "$document"' EXIT
"$2" openapi >"$document" || { echo "the program told no OpenAPI document"; exit 1; }
"$(dirname "$0")/npm.sh" "$1" generate:check "$document"
