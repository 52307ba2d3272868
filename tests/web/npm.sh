#!/bin/sh
# Runs one of the web application's own scripts as a test.
#
#     tests/web/npm.sh WEB_FOLDER SCRIPT [ARGUMENT…]
#
# Skipped (77) where npm or the installed packages aren't there, which platform.sh sees to.
set -u

cd "$1" || exit 2
shift
command -v npm >/dev/null || { echo "npm isn't installed"; exit 77; }
[ -d node_modules ] || { echo "web/node_modules isn't there: run npm ci"; exit 77; }
script=$1
shift
exec npm run --silent "$script" -- "$@"
