# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren run [SYSTEM]: build what that system needs and start it.

run_main() {
    local system=${1:-default} archive
    [ $# -le 1 ] || die "run takes one system, not $*"
    [ -f "$TOP/configs/$system/system.toml" ] ||
        die "there is no configs/$system/system.toml; systems here: $(run_systems)"
    setup_main
    build_regenerate
    archive=$(run_archive_target "$system")
    [ -n "$archive" ] || die "configs/meson.build builds no boot archive for $system"
    step "Building Warren and the system $system"
    build_targets kernel/warren.elf "$archive"
    exec "$TOP/tools/run-qemu" "$TOP/build" "$system"
}

run_systems() {
    find "$TOP/configs" -name system.toml -printf '%h\n' | sed 's|.*/||' | sort | paste -s -d ' '
}

# Where the build puts a system's archive is the build's business.
run_archive_target() {
    ninja -C "$TOP/build" -t targets all 2>/dev/null |
        sed -n "s|^\\(\\(.*/\\)\\{0,1\\}$1\\.cpio\\): .*|\\1|p" | head -n 1
}
