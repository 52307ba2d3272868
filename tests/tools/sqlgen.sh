#!/bin/sh
# Shows what sqlgen makes of named statements and migrations, and that it refuses, with file and
# line, everything that isn't in order.
#
#     tests/tools/sqlgen.sh SQLGEN SRC
set -u
. "$(dirname "$0")/tap.sh"

sqlgen=$(readlink -f "$1")
src=$(readlink -f "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

# refuses 'LINE: SENTENCE' NAME: standard input is the .sql file.
refuses() {
    cat >bad.sql
    rm -f bad_sql.c bad_sql.h
    ok "refuses $2" is_refused "bad.sql:$1"
}

is_refused() {
    output=$("$sqlgen" bad_sql.c bad_sql.h bad.sql 2>&1)
    code=$?
    echo "code $code: $output"
    [ $code -eq 2 ] && [ ! -e bad_sql.c ] && [ ! -e bad_sql.h ] || return 1
    case $output in "$1"*) ;; *) return 1 ;; esac
}

cat >film.sql <<'END'
-- Statements on films.

-- :name film_by_id :one
-- The film with this id.
-- Whoever may see it.
SELECT id, 'it''s; $9 -- no' AS "odd;" -- and $8
FROM films /* $7 */
WHERE id = $1 AND owner = $2;

-- :name film_search :many @postgres
SELECT id FROM films WHERE words @@ plainto_tsquery($1)
-- :name film_search :many
SELECT id FROM films WHERE title LIKE $1

-- :name film_count :exec
UPDATE counts SET films = films + 1;
END
cat >show.c <<'END'
#include "film_sql.h"
#include "index.h"
#include <stdio.h>
int main(void) {
    for (size_t i = 0; i < sql_count_film; i++) {
        const struct sql *s = sql_all_film[i];
        printf("%s|%d|%d\n%s\n%s\n", s->name, (int)s->kind, s->parameter_count, s->text_sqlite,
               s->text_postgres);
    }
    printf("%zu %s %zu\n", sql_set_count, sql_sets[0].name, sql_sets[0].count);
    return sql_sets[0].statements[0] != &sql_film_by_id;
}
END
cat >expected <<'END'
film_by_id|0|2
SELECT id, 'it''s; $9 -- no' AS "odd;" FROM films WHERE id = $1 AND owner = $2
SELECT id, 'it''s; $9 -- no' AS "odd;" FROM films WHERE id = $1 AND owner = $2
film_search|1|1
SELECT id FROM films WHERE title LIKE $1
SELECT id FROM films WHERE words @@ plainto_tsquery($1)
film_count|2|0
UPDATE counts SET films = films + 1
UPDATE counts SET films = films + 1
1 film 3
END
makes_film() {
    "$sqlgen" film_sql.c film_sql.h film.sql && "$sqlgen" --index index.c index.h film.sql &&
        cc -Wall -Wextra -Werror -I"$src" -I. -o show show.c film_sql.c index.c &&
        ./show >shown && diff expected shown
}
ok "statements become descriptors that compile and hold the text" makes_film
ok "a comment becomes the declaration's doc" grep -q '^/\*\* The film with this id.$' film_sql.h

refuses '3: ' "a name that is taken" <<'END'
-- :name a :one
SELECT 1;
-- :name a :one
SELECT 2;
END
refuses '2: ' "a gap in the placeholders" <<'END'
-- :name a :one
SELECT $1, $3;
END
refuses '2: ' "a placeholder \$0" <<'END'
-- :name a :one
SELECT $0;
END
refuses '3: ' "a question mark as placeholder" <<'END'
-- :name a :one
SELECT 1
  + ?;
END
refuses '1: ' "an unknown kind" <<'END'
-- :name a :some
SELECT 1;
END
refuses '1: ' "a missing kind" <<'END'
-- :name a
SELECT 1;
END
refuses '1: ' "an unknown dialect" <<'END'
-- :name a :one @oracle
SELECT 1;
END
refuses '1: ' "a name that isn't one" <<'END'
-- :name FilmById :one
SELECT 1;
END
refuses '3: ' "two statements in a block" <<'END'
-- :name a :one
SELECT 1;
SELECT 2;
END
refuses '1: ' "an empty block" <<'END'
-- :name a :one
-- Only words.
;
END
refuses '1: ' "a statement before the first name" <<'END'
SELECT 1;
-- :name a :one
SELECT 1;
END
refuses '2: ' "a quote that isn't closed" <<'END'
-- :name a :one
SELECT 'a;
END
refuses '1: ' "a text for one dialect only" <<'END'
-- :name a :one @postgres
SELECT 1;
END
refuses '3: ' "dialects that differ in their parameters" <<'END'
-- :name a :one @postgres
SELECT $1;
-- :name a :one @sqlite
SELECT $1, $2;
END
refuses '3: ' "dialects that differ in kind" <<'END'
-- :name a :one @postgres
SELECT $1;
-- :name a :many @sqlite
SELECT $1;
END
refuses '1: ' "a file without a statement" <<'END'
-- Nothing here.
END

mkdir steps
printf '%s\n' 'CREATE TABLE a (id INTEGER);' '-- @sqlite' 'S;' '-- @postgres' 'P;' '-- @both' 'B;' \
    >steps/0001_first.sql
printf '%s\n' 'CREATE TABLE b (id INTEGER);' >steps/0002_second.sql
cat >list.c <<'END'
#include "steps.h"
#include <stdio.h>
int main(void) {
    for (size_t i = 0; i < migrations_count; i++)
        printf("%d %s\n%s--\n%s--\n", migrations_all[i].number, migrations_all[i].name,
               migrations_all[i].text_sqlite, migrations_all[i].text_postgres);
    return 0;
}
END
printf '%s\n' '1 first' 'CREATE TABLE a (id INTEGER);' 'S;' 'B;' '--' \
    'CREATE TABLE a (id INTEGER);' 'P;' 'B;' '--' '2 second' 'CREATE TABLE b (id INTEGER);' '--' \
    'CREATE TABLE b (id INTEGER);' '--' >expected_steps
embeds_steps() {
    "$sqlgen" --migrations steps steps.c steps.h steps.d &&
        cc -Wall -Wextra -Werror -Wno-missing-field-initializers -I"$src" -I. -o list list.c \
            steps.c && ./list >listed && diff expected_steps listed &&
        grep -q 'steps/0002_second.sql' steps.d
}
ok "migrations are embedded in order, each dialect with its sections" embeds_steps

refuses_steps() { # the folder's fault is made by the caller
    output=$("$sqlgen" --migrations "$1" out.c out.h 2>&1)
    code=$?
    echo "code $code: $output"
    [ $code -eq 2 ] && [ ! -e out.c ] || return 1
    case $output in *"$2"*) ;; *) return 1 ;; esac
}
broken_steps() { # FOLDER FILE: a copy of steps with one file more
    cp -r steps "$1"
    printf 'SELECT 1;\n' >"$1/$2"
}
broken_steps gap 0004_fourth.sql
ok "refuses a gap in the numbers" refuses_steps gap 0004_fourth.sql
broken_steps twice 0002_again.sql
ok "refuses a number taken twice" refuses_steps twice 'taken twice'
broken_steps misnamed 3_third.sql
ok "refuses a name of another form" refuses_steps misnamed 3_third.sql
broken_steps sections 0003_third.sql
printf '%s\n' '-- @mysql' >>sections/0003_third.sql
ok "refuses an unknown section" refuses_steps sections 0003_third.sql:2
tap_end
