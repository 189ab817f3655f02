# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren bench: build what is measured and print the table of docs/benchmarks.md.

bench_main() {
    setup_main
    build_regenerate
    step 'Building what is measured'
    build_targets kernel/warren.elf rootserver/rootserver.elf services/console/console.elf \
        vmm/vmm.elf test/guest/bench.bin test/root/calls.elf test/bench/init.cpio
    exec "$TOP/test/bench/run" --build "$TOP/build" "$@"
}
