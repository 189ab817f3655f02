# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren test: runs every test; the last line gives the number of cases.

test_main() {
    local status
    setup_main
    foreign_get "$@"
    cbmc_get "$@"
    build_regenerate
    step 'Building everything'
    build_targets
    step 'Running the tests'
    rm -f "$TOP/build/meson-logs/testlog.json" "$TOP/build/meson-logs/testlog.junit.xml"
    meson test -C "$TOP/build" --print-errorlogs "$@" </dev/null
    status=$?
    python3 "$TOP/tools/setup/count_cases.py" "$TOP/build/meson-logs" "$status"
}
