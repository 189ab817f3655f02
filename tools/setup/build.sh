# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The build directory.

build_configure() {
    step 'Configuring build/'
    mkdir -p "$TOP/build/logs"
    build_meson_setup build && return
    if ! grep -q 'meson\.build:[0-9]*:[0-9]*: ERROR' "$TOP/build/logs/configure.log"; then
        # A build directory of another place, compiler or Meson: start again.
        find "$TOP/build" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} +
        build_meson_setup build && return
    fi
    tail -n 4 "$TOP/build/logs/configure.log" >&2
    die 'could not configure build/'
}

# build_meson_setup FOLDER [WORD...]: the log is kept in FOLDER/logs.
build_meson_setup() {
    local folder=$1 again=()
    shift
    [ -f "$TOP/$folder/meson-private/coredata.dat" ] && again=(--reconfigure)
    mkdir -p "$TOP/$folder/logs"
    (cd "$TOP" && meson setup "${again[@]}" "$folder" \
        --cross-file configs/cross/riscv64-gcc.ini "$@" </dev/null) \
        >"$TOP/$folder/logs/configure.log" 2>&1
}

# build_targets TARGET...: everything when none is named.
build_targets() {
    ninja -C "$TOP/build" "$@" </dev/null || die 'the build failed; the first error above says why'
}

# build_target_names: the files that the build makes, one a line.
build_target_names() {
    ninja -C "$TOP/build" -t targets all | sed -n '/: phony$/d; s/: [^:]*$//p'
}

# build_regenerate: lets ninja see what changed in the meson.build files.
build_regenerate() {
    ninja -C "$TOP/build" build.ninja </dev/null >/dev/null 2>&1 || build_configure
}
