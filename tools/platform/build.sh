# Building: one folder for what runs (build/), one for each sanitizer.

# Meson says a lot; it is shown when it fails.
meson_quietly() { # ARGUMENTS…
    local said
    said=$(meson "$@" 2>&1) || {
        printf '%s\n' "$said" >&2
        return 1
    }
}

# A build folder remembers where and how it was set up: a moved checkout starts it afresh, and
# setting it up the same way again costs nothing.
configure_build() { # FOLDER MESON_OPTIONS…
    local folder=$1 wish
    shift
    wish="$root $*"
    [ "$(cat "$folder/made-as" 2>/dev/null)" != "$wish" ] || return 0
    if [ -f "$folder/build.ninja" ] && grep -q "^$root " "$folder/made-as" 2>/dev/null; then
        meson_quietly configure "$folder" "$@" || return 1
    else
        rm -rf "${root:?}/$folder"
        meson_quietly setup "$folder" "$@" || return 1
    fi
    printf '%s\n' "$wish" >"$folder/made-as"
}

# Ninja tells only what goes wrong; a first build takes about a minute.
compile() { # FOLDER TARGETS…
    local folder=$1
    shift
    note "building in $folder/"
    ninja --quiet -C "$folder" "$@" >&2
}

# Builds the web pages. Without npm's registry there may be none: then the program is built with
# the page that says so, and the next start tries again.
web_mode() {
    if tools/web-build web >&2; then
        say enabled
    elif [ -f web/dist/index.html ]; then
        note "the web application couldn't be built again; the one built before is used"
        say auto
    else
        note "warning: the web application couldn't be built; the server will run without it"
        say disabled
    fi
}

# Two instances of one checkout may be started at once; they build one after the other.
build_release() {
    local mode
    {
        flock 8
        mode=$(web_mode)
        configure_build build --buildtype=release "-Dweb=$mode" || fail "the build can't be set up"
        compile build matinee || fail "the program couldn't be built; the messages above say why"
    } 8>"$root/.build.lock"
}

program=build/matinee
