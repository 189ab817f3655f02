# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren coverage: which lines the unit tests reach, room by room.

coverage_main() {
    local build=$TOP/build-coverage
    setup_main
    step 'Building the unit tests with coverage in build-coverage/'
    if ! [ -f "$build/build.ninja" ]; then
        (cd "$TOP" && meson setup build-coverage --cross-file configs/cross/riscv64-gcc.ini \
            -Dcoverage=true </dev/null >/dev/null) || die 'could not configure build-coverage/'
    fi
    find "$build" -name '*.gcda' -delete
    meson test -C "$build" --suite unit --print-errorlogs </dev/null ||
        die 'a unit test failed: no coverage'
    python3 "$TOP/tools/setup/coverage_rooms.py" "$TOP" "$build"
}
