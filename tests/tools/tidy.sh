#!/bin/sh
# Shows that tidy passes a clean tree and fails one which breaks a rule, naming that rule and no
# other: each test copies the clean tree, breaks exactly one thing, and looks at what tidy says.
#
#     tests/tools/tidy.sh TIDY
set -u
. "$(dirname "$0")/tap.sh"

tidy=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lines() { # N TEXT: the text N times
    i=0
    while [ $i -lt "$1" ]; do
        printf '%s\n' "$2"
        i=$((i + 1))
    done
}

make_clean_tree() {
    clean=$work/clean
    mkdir -p "$clean/src/base" "$clean/src/media" "$clean/src/store/db" "$clean/src/net" \
        "$clean/src/features/first" "$clean/src/features/second" "$clean/tools" "$clean/migrations"
    cat >"$clean/tools/floors.txt" <<'END'
# A small house.
floor base:
floor media: base
floor net: base
floor store/db: base
floor features: net store/db base
order features: first/first.h second/second.h
header libavcodec/: media
header sqlite3.h: store/db
header microhttpd.h: net
END
    cat >"$clean/src/base/thing.h" <<'END'
/* thing.h: an example. */
#ifndef BASE_THING_H
#define BASE_THING_H

/** How many things there are. */
enum { THING_COUNT = 3 };

/** Doubles a thing; never fails. */
int thing_double(int thing);

#endif
END
    cat >"$clean/src/base/thing.c" <<'END'
/* thing.c: an example whose words in quotes and comments must not be mistaken: goto, strcpy(). */
#include "base/thing.h"

/* What a person would read; not SQL. */
static const char sentence[] = "Select a film, then goto the next page; strcpy(a, b)";

int thing_double(int thing) {
    return thing * 2 + (sentence[0] == 0);
}
END
    printf '%s\n' '/* rows.h: an example. */' >"$clean/src/store/db/rows.h"
    printf '%s\n' '/* first.h: an example. */' '#ifndef FIRST_H' '#define FIRST_H' '' \
        '/** Answers 1. */' 'int first(void);' '' '#endif' >"$clean/src/features/first/first.h"
    printf '%s\n' '/* inner.h: an example. */' '#ifndef INNER_H' '#define INNER_H' '' \
        '/** Answers 2. */' 'int inner(void);' '' '#endif' >"$clean/src/features/first/inner.h"
    printf '%s\n' '/* second.h: an example. */' '#ifndef SECOND_H' '#define SECOND_H' '' \
        '#include "base/thing.h"' '#include "features/first/first.h"' '' '#endif' \
        >"$clean/src/features/second/second.h"
    printf '%s\n' '-- The first step.' 'CREATE TABLE things (id INTEGER);' \
        >"$clean/migrations/0001_things.sql"
}

is_clean() { # TREE
    "$tidy" "$1" cc
}

# Fails unless tidy ends with 1 and every finding is of this rule, in this file.
finds_only() { # TREE RULE FILE
    output=$("$tidy" "$1" cc)
    code=$?
    echo "$output"
    [ $code -eq 1 ] || { echo "code $code"; return 1; }
    findings=$(printf '%s\n' "$output" | sed '$d')
    printf '%s\n' "$findings" | grep -q "^$3:[0-9]*: $2: " || return 1
    [ "$(printf '%s\n' "$findings" | cut -d: -f3 | sort -u)" = " $2" ]
}

# breaks RULE FILE NAME: standard input is appended to FILE of a fresh copy of the clean tree.
breaks() {
    tree=$work/tree$tap_count
    cp -r "$work/clean" "$tree"
    mkdir -p "$(dirname "$tree/$2")"
    cat >>"$tree/$2"
    ok "$1: $3" finds_only "$tree" "$1" "$2"
}

make_clean_tree
ok "a clean tree passes" is_clean "$work/clean"

breaks include-floor src/base/up.c "including upward" <<'END'
/* up.c: an example. */
#include "features/first/first.h"
END
breaks include-floor src/net/aside.c "including sideways" <<'END'
/* aside.c: an example. */
#include "store/db/rows.h"
END
breaks include-floor src/features/first/late.c "including a later feature" <<'END'
/* late.c: an example. */
#include "features/second/second.h"
END
breaks include-floor src/features/second/door.c "going round a feature's public header" <<'END'
/* door.c: an example. */
#include "features/first/inner.h"
END
breaks include-floor src/attic/box.c "a folder that no floor holds" <<'END'
/* box.c: an example. */
END
breaks include-foreign src/net/codec.c "libav outside media" <<'END'
/* codec.c: an example. */
#include <libavcodec/avcodec.h>
END
breaks include-foreign src/features/first/rows.c "sqlite3 outside store/db" <<'END'
/* rows.c: an example. */
#include <sqlite3.h>
END
breaks include-foreign src/features/first/serve.c "microhttpd outside net" <<'END'
/* serve.c: an example. */
#include <microhttpd.h>
END
breaks include-path src/base/lost.c "an include that isn't written from src/" <<'END'
/* lost.c: an example. */
#include "thing.h"
END
cp -r "$work/clean" "$work/circle"
printf '%s\n' '/* a.h: an example. */' '#ifndef A_H' '#define A_H' '#include "base/b.h"' '#endif' \
    >"$work/circle/src/base/a.h"
printf '%s\n' '/* b.h: an example. */' '#ifndef B_H' '#define B_H' '#include "base/a.h"' '#endif' \
    >"$work/circle/src/base/b.h"
ok "include-circle: two headers that include each other" \
    finds_only "$work/circle" include-circle src/base/b.h

{
    printf '%s\n' '/* long.c: an example. */' 'int long_one(void);' 'int long_one(void) {'
    lines 69 '    (void)0;'
    printf '%s\n' '    return 0;' '}'
} >"$work/input"
breaks function-length src/base/long.c "a function of 72 lines" <"$work/input"
{
    printf '%s\n' '/* big.c: an example. */'
    lines 500 'extern int thing;'
} >"$work/input"
breaks file-length src/base/big.c "a file of 501 lines" <"$work/input"
printf '/* wide.c: %s */\n' "$(lines 100 x | tr -d '\n')" >"$work/input"
breaks line-length src/base/wide.c "a line of more than 100 columns" <"$work/input"
printf '/* tab.c: an example. */\nint tab;\t\n' >"$work/input"
breaks tab src/base/tab.c "a tab" <"$work/input"
for call in strcpy strcat sprintf vsprintf gets strtok system popen atoi atol atof rand alloca \
    setjmp longjmp; do
    printf '/* call.c: an example. */\nint call(void) {\n    return (int)%s(0);\n}\n' "$call" \
        >"$work/input"
    breaks banned-call src/base/call.c "$call" <"$work/input"
done
breaks goto src/base/jump.c "goto" <<'END'
/* jump.c: an example. */
int jump(void) {
again:
    goto again;
}
END
breaks file-comment src/base/bare.c "a C file that opens without a comment" <<'END'
int bare;
END
breaks file-comment migrations/0002_bare.sql "an SQL file that opens without a comment" <<'END'
CREATE TABLE bare (id INTEGER);
END
breaks doc-comment src/base/mute.h "a function without a doc comment" <<'END'
/* mute.h: an example. */
int mute(void);
END
breaks doc-comment src/base/mute.h "a struct whose comment isn't a doc comment" <<'END'
/* mute.h: an example. */

/* Says something. */
struct mute {
    int a;
};
END
breaks doc-comment src/base/mute.h "a macro without a doc comment" <<'END'
/* mute.h: an example. */

#define MUTE 3
END
breaks doc-comment src/base/mute.h "a blank line parts a declaration from its comment" <<'END'
/* mute.h: an example. */

/** Says something. */
int speak(void);

int mute(void);
END
breaks header-alone src/base/leaning.h "a header that needs another before it" <<'END'
/* leaning.h: an example. */

/** Answers a size. */
size_t leaning(void);
END
breaks sql-text src/features/first/query.c "SQL in a string" <<'END'
/* query.c: an example. */
const char *query = "SELECT id FROM videos";
END
breaks sql-text src/features/first/query.c "SQL in small letters" <<'END'
/* query.c: an example. */
const char *query = "delete from videos";
END
printf '/* later.c: an example. %s: do the rest. */\n' "TO""DO" >"$work/input"
breaks unfinished src/base/later.c "a mark of unfinished work" <"$work/input"

ends_with_2() {
    "$tidy" "$@"
    [ $? -eq 2 ]
}
ok "without a tree it ends with 2" ends_with_2
ok "with an empty tree it ends with 2" ends_with_2 "$work/nothing"
cp -r "$work/clean" "$work/planless"
rm "$work/planless/tools/floors.txt"
ok "without floors.txt it ends with 2" ends_with_2 "$work/planless"
tap_end
