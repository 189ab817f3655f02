# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren clean [--all]: what was built; with --all every download as well.

clean_main() {
    local all=0 word
    for word in "$@"; do
        case $word in
            --all) all=1 ;;
            *) die "clean knows --all, not $word" ;;
        esac
    done
    rm -rf "$TOP/build" "$TOP/build-coverage"
    say 'removed what was built'
    [ "$all" = 1 ] || return 0
    rm -rf "$DEPS" "$TOP/subprojects/musl" "$TOP/subprojects/dtc"
    rm -f "$SOURCES_DIR"/*.tar.*
    # The bare systems that test/fresh keeps for its next run.
    rm -rf "${WARREN_FRESH_DIR:-/var/tmp/warren-fresh}"
    say 'removed every download; packages that apt installed stay (apt remove takes them)'
}
