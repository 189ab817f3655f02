# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren clean [--all]: removes the build folders; with --all every download too.

clean_main() {
    local all=0 word
    for word in "$@"; do
        case $word in
            --all) all=1 ;;
            *) die "clean knows --all, not $word" ;;
        esac
    done
    rm -rf "$TOP/build" "$TOP/build-coverage" "$TOP/build-fuzz"
    say 'removed the build folders'
    [ "$all" = 1 ] || return 0
    rm -rf "$DEPS" "$TOP/subprojects/musl" "$TOP/subprojects/dtc"
    rm -f "$SOURCES_DIR"/*.tar.*
    clean_fresh "${WARREN_FRESH_DIR:-/var/tmp/warren-fresh}"
    say 'removed every download; packages that apt installed stay (apt remove takes them)'
}

# clean_fresh STORE: removes the bare systems that test/fresh keeps for its next run.  The user may
# have other files in STORE, so only files that test/fresh made are removed.
clean_fresh() {
    local release
    for release in bookworm trixie; do
        rm -rf --one-file-system "$1/$release.tar" "$1/$release.tar.new" "$1/$release.log" \
            "$1/$release.new" "$1/$release"-[0-9]*
    done
    rmdir "$1" 2>/dev/null || true
}
