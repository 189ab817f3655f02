# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The packages that the build needs, and a probe for each.  A tool that works
# satisfies its probe, whatever its origin.

# package            probe
PACKAGES_NEEDED='
gcc-riscv64-linux-gnu  riscv64-linux-gnu-gcc
gcc                    gcc
libc6-dev              /usr/include/stdio.h
meson                  meson
ninja-build            ninja
check                  /usr/include/check.h
pkgconf                pkg-config
python3                python3
device-tree-compiler   dtc
patch                  patch
xz-utils               xz
'

# packages_probe PROBE: true if the tool works or the header exists.  A probe with
# a path names a header, which may also be below the private prefix.
packages_probe() {
    case $1 in
        /*) [ -e "$1" ] || [ -e "$DEPS/host$1" ] ;;
        meson) packages_meson_is_new_enough ;;
        python3) python3 -c 'import tomllib' 2>/dev/null ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

packages_meson_is_new_enough() {
    local version
    version=$(meson --version 2>/dev/null) || return 1
    [ "$(printf '%s\n' 1.0.1 "$version" | sort -V | head -n 1)" = 1.0.1 ]
}

# packages_missing: sets MISSING to the packages whose probe fails.
packages_missing() {
    local package probe
    MISSING=()
    while read -r package probe; do
        [ -n "$package" ] || continue
        packages_probe "$probe" || MISSING+=("$package")
    done <<<"$PACKAGES_NEEDED"
    # A compiler in the private prefix needs the C library's headers there too.
    if [[ " ${MISSING[*]} " == *' gcc '* && " ${MISSING[*]} " != *' libc6-dev '* ]]; then
        MISSING+=(libc6-dev)
    fi
}
