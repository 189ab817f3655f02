# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren coverage: prints how many lines of each room the unit tests reach.

coverage_main() {
    local build=$TOP/build-coverage
    setup_main
    step 'Building the unit tests with coverage in build-coverage/'
    if ! build_meson_setup build-coverage -Dcoverage=true; then
        tail -n 4 "$build/logs/configure.log" >&2
        die 'could not configure build-coverage/'
    fi
    find "$build" -name '*.gcda' -delete
    meson test -C "$build" --no-suite system --no-suite style --print-errorlogs </dev/null ||
        die 'a test failed: no coverage'
    python3 "$TOP/tools/setup/coverage_rooms.py" "$TOP" "$build"
}
