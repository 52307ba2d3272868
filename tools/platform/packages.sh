# Debian packages: which are needed, which are missing, installing them.
#
# Nothing is asked of apt when nothing is missing, so that an installed machine needs neither the
# network nor root. docs/dependencies.md says what each is for.

packages_to_build='
    gcc libc6-dev linux-libc-dev meson ninja-build pkg-config
    libmicrohttpd-dev libssl-dev libsodium-dev libjansson-dev libsqlite3-dev libpq-dev
    zlib1g-dev libseccomp-dev uthash-dev
    libavformat-dev libavcodec-dev libavfilter-dev libavutil-dev libswscale-dev libswresample-dev
    ca-certificates curl'

packages_to_test='
    clang libclang-rt-14-dev libcmocka-dev libcurl4-openssl-dev ffmpeg chromium
    fonts-dejavu-core nginx-light
    postgresql sqlite3 strace wrk procps'

# Node may come from elsewhere than Debian (a newer one, a container's): the command counts.
node_is_there() {
    local version
    have npm && version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge 18 ]
}

package_is_there() { # PACKAGE
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] && return 0
    # nginx-light stands for any nginx: its brothers conflict with it.
    [ "$1" = nginx-light ] && have nginx
}

missing_packages() { # PACKAGES…
    local package
    for package in "$@"; do
        package_is_there "$package" || printf '%s ' "$package"
    done
    node_is_there || printf 'nodejs npm'
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Servers such as PostgreSQL start by themselves when Debian installs them, and would take ports.
# policy-rc.d is Debian's way to forbid that; one that is there already stays as it is.
policy_file=/usr/sbin/policy-rc.d

forbid_autostart() {
    [ -e "$policy_file" ] && return 0
    printf '#!/bin/sh\n# Set by platform.sh while it installs packages.\nexit 101\n' |
        as_root tee "$policy_file" >/dev/null
    as_root chmod 755 "$policy_file"
    trap allow_autostart EXIT
}

allow_autostart() {
    if grep -qs 'Set by platform.sh' "$policy_file"; then
        as_root rm -f "$policy_file"
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Acquire::Retries=3 "$@" >&2
}

install_packages() { # PACKAGES…
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    have apt-get || fail "this machine isn't Debian; install what stands for: $missing"
    if [ "$(id -u)" -ne 0 ] && ! have sudo; then
        fail "these packages are missing and only root can install them: $missing"
    fi
    note "installing: $missing"
    forbid_autostart
    apt_get update || fail "apt-get update failed; is this machine online?"
    # shellcheck disable=SC2086 # a list of words
    apt_get install --no-install-recommends $missing || fail "the packages couldn't be installed"
    allow_autostart
}
