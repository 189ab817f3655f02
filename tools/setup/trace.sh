# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren trace [SYSTEM] [WORD...]: runs a system and saves its trace for Perfetto.

trace_main() {
    local system=default words=()
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
    run_build "$system"
    exec python3 "$TOP/tools/trace/trace.py" run --build "$TOP/build" "$RUN_ARCHIVE" "${words[@]}"
}
