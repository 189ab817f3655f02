# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The build directory.

build_configure() {
    step 'Configuring build/'
    mkdir -p "$TOP/build/logs"
    build_meson_setup build && return
    if ! grep -q 'meson\.build:[0-9]*:[0-9]*: ERROR' "$TOP/build/logs/configure.log"; then
        # The build directory is from another path, compiler or Meson: start again.
        find "$TOP/build" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} +
        build_meson_setup build && return
    fi
    tail -n 4 "$TOP/build/logs/configure.log" >&2
    die 'could not configure build/'
}

# build_meson_setup FOLDER [WORD...]: runs meson setup; the log is in FOLDER/logs.
build_meson_setup() {
    local folder=$1 again=()
    shift
    [ -f "$TOP/$folder/meson-private/coredata.dat" ] && again=(--reconfigure)
    mkdir -p "$TOP/$folder/logs"
    (cd "$TOP" && meson setup "${again[@]}" "$folder" \
        --cross-file configs/cross/riscv64-gcc.ini "$@" </dev/null) \
        >"$TOP/$folder/logs/configure.log" 2>&1
}

# build_targets [TARGET...]: builds the targets, or everything.
build_targets() {
    ninja -C "$TOP/build" "$@" </dev/null || die 'the build failed; the first error above says why'
}

# build_target_names: prints the files that the build makes, one per line.
build_target_names() {
    ninja -C "$TOP/build" -t targets all | sed -n '/: phony$/d; s/: [^:]*$//p'
}

# build_regenerate: makes ninja read changed meson.build files.
build_regenerate() {
    ninja -C "$TOP/build" build.ninja </dev/null >/dev/null 2>&1 || build_configure
}
