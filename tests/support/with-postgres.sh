#!/bin/sh
# Runs a command with TEST_DATABASE_URL naming a private PostgreSQL that lives as long as it does:
#
#     tests/support/with-postgres.sh COMMAND [ARGUMENT…]
#
# Where TEST_DATABASE_URL is set already, that server is used and left alone.
set -eu

if [ -n "${TEST_DATABASE_URL:-}" ]; then
    exec "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
# A unix socket's path is at most 107 bytes long, so the folder's name is kept short.
folder=$(mktemp -d /tmp/matinee-pg-XXXXXX)
trap '"$here/postgres.sh" stop "$folder"' EXIT
trap 'exit 1' INT TERM HUP
TEST_DATABASE_URL=$("$here/postgres.sh" start "$folder")
export TEST_DATABASE_URL
code=0
"$@" || code=$?
exit "$code"
