# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren test [--all] [WORD...]: runs every test; the last line gives the number of cases.  --all: also the long
# forms of the tests that have one.

test_main() {
    local status
    local long=()
    if [ "${1-}" = --all ]; then
        shift
        export WARREN_TEST_LONG=1 WARREN_KILLS=10000
        long=(--timeout-multiplier 20)
    fi
    setup_main
    foreign_get "$@"
    cbmc_get "$@"
    build_regenerate
    step 'Building everything'
    build_targets
    step 'Running the tests'
    rm -f "$TOP/build/meson-logs/testlog.json" "$TOP/build/meson-logs/testlog.junit.xml"
    meson test -C "$TOP/build" --print-errorlogs "${long[@]}" "$@" </dev/null
    status=$?
    python3 "$TOP/tools/setup/count_cases.py" "$TOP/build/meson-logs" "$status"
}
