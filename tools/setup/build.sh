# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The build directory.

build_configure() {
    local log
    log=$(mktemp)
    step 'Configuring build/'
    mkdir -p "$TOP/build"
    if ! build_meson_setup >"$log" 2>&1; then
        # A build directory of another place, compiler or Meson: start again.
        find "$TOP/build" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} +
        if ! build_meson_setup >"$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            die 'could not configure build/'
        fi
    fi
    rm -f "$log"
}

build_meson_setup() {
    local again=()
    [ -f "$TOP/build/meson-private/coredata.dat" ] && again=(--reconfigure)
    (cd "$TOP" && meson setup "${again[@]}" build --cross-file configs/cross/riscv64-gcc.ini \
        </dev/null)
}

# build_targets TARGET...: everything when none is named.
build_targets() {
    ninja -C "$TOP/build" "$@" </dev/null || die 'the build failed; the first error above says why'
}

# build_regenerate: lets ninja see what changed in the meson.build files.
build_regenerate() {
    ninja -C "$TOP/build" build.ninja </dev/null >/dev/null 2>&1 || build_configure
}
