# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren trace [SYSTEM] [WORD...]: run a system and keep what happened, for Perfetto.

trace_main() {
    local system=default archive words=()
    case ${1:-} in
        --now)
            shift
            exec python3 "$TOP/tools/trace/trace.py" now --build "$TOP/build" "$@"
            ;;
        --help) exec python3 "$TOP/tools/trace/trace.py" run --help ;;
        '' | -*) ;;
        *)
            system=$1
            shift
            ;;
    esac
    words=("$@")
    [ -f "$TOP/configs/$system/system.toml" ] ||
        die "there is no configs/$system/system.toml; systems here: $(run_systems)"
    setup_main
    build_regenerate
    archive=$(run_archive_target "$system")
    [ -n "$archive" ] || die "configs/meson.build builds no boot archive for $system"
    step "Building Warren and the system $system"
    build_targets kernel/warren.elf "$archive"
    exec python3 "$TOP/tools/trace/trace.py" run --build "$TOP/build" "$system" "${words[@]}"
}
