# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren bench [--kvm]: builds the benchmarks and prints the tables of docs/benchmarks.md.
#
# This verb downloads what only it needs: the header for QEMU's plugins and, for
# --kvm, the distribution's QEMU for riscv64 and its kernel's KVM modules.

BENCH_TARGETS=(kernel/warren.elf rootserver/rootserver.elf services/console.elf vmm/vmm.elf
    test/guest/bench.bin test/root/calls.elf test/bench/init.cpio)

bench_main() {
    local word kvm=0
    for word in "$@"; do
        case $word in
            --kvm) kvm=1 ;;
            --help) exec "$TOP/test/bench/run" --help ;;
        esac
    done
    setup_main
    bench_get "$kvm"
    build_regenerate
    step 'Building the benchmarks'
    build_targets "${BENCH_TARGETS[@]}"
    bench_plugin_build
    exec "$TOP/test/bench/run" --build "$TOP/build" "$@"
}

# ---- downloads ----------------------------------------------------------------

bench_header_is_here() { [ -s "$DEPS/plugin/qemu-plugin.h" ]; }

# The modules must belong to the kernel that is measured.
bench_kvm_is_here() {
    [ -s "$DEPS/kvm/versions" ] &&
        [ "$(sed -n 1p "$DEPS/kvm/versions")" = "$(sed -n 1p "$DEPS/guest/versions")" ]
}

bench_get() {
    local kvm=$1
    exec 9>"$DEPS/lock" && flock 9
    bench_header_is_here || bench_open
    bench_header_is_here || bench_header_fetch
    if [ "$kvm" = 1 ] && ! bench_kvm_is_here; then
        bench_open
        bench_kvm_fetch
    fi
    [ -z "${BENCH_IS_OPEN-}" ] || rm -rf "$APT_DIR"
    exec 9>&-
}

bench_open() {
    [ -z "${BENCH_IS_OPEN-}" ] || return 0
    host_require_supported
    mkdir -p "$APT_DIR"
    apt_open_host
    apt_open_next guest riscv64
    BENCH_IS_OPEN=1
}

# Keeps only the header.  No binary package contains it, so the source is downloaded.
bench_header_fetch() {
    local work=$APT_DIR/plugin bytes
    bytes=$(apt_view guest apt-get -q source --print-uris --tar-only qemu 2>/dev/null |
        awk '/orig\.tar/ {print $3}')
    say "Counting instructions takes one header of QEMU's source package: $((${bytes:-0} / 1000000))" \
        'MB to fetch, 33 KB are kept in .deps/plugin'
    ask 'Go on?' || die 'nothing was done'
    rm -rf "$work" && mkdir -p "$work" "$DEPS/plugin"
    step 'Fetching the source of QEMU'
    (cd "$work" && apt_view guest apt-get -q source --download-only --tar-only qemu) \
        >"$APT_DIR/log" 2>&1 || {
        tail -n 5 "$APT_DIR/log" >&2
        die 'could not fetch the source of qemu'
    }
    tar -x -C "$work" --strip-components=3 --wildcards --no-same-owner \
        -f "$work"/qemu_*.orig.tar.* '*/include/qemu/qemu-plugin.h' &&
        mv "$work/qemu-plugin.h" "$DEPS/plugin/" || die 'the source of qemu has no plugin header'
    rm -rf "$work"
}

# A riscv64 QEMU with its libraries, and the modules that make the kernel a KVM host.
bench_kvm_fetch() {
    local kernel work=$DEPS/kvm/modules
    say "To measure Linux's KVM, the programs of a KVM host are needed (riscv64):"
    PLAN_KIB=0
    plan_part guest 'into .deps/kvm' qemu-system-riscv
    say '  and the modules of the guest kernel, from its package (about 110 MB more to fetch)'
    plan_check_space
    ask 'Go on?' || die 'nothing was done'
    kernel=$(guest_kernel_package)
    if ! grep -q "^$kernel $(apt_candidate guest "$kernel")\$" "$DEPS/guest/versions"; then
        guest_fetch
    fi
    rm -rf "$DEPS/kvm"
    unpack_closure guest "$DEPS/kvm/root" qemu-system-riscv
    unpack_one guest "$kernel" "$work" './*lib/modules/*/kernel/arch/riscv/kvm/*' \
        './*lib/modules/*/kernel/virt/*'
    find "$work" -name '*.ko.xz' -exec xz -d {} +
    sed -n 1p "$DEPS/guest/versions" >"$DEPS/kvm/versions"
    printf 'qemu-system-riscv %s\n' "$(apt_candidate guest qemu-system-riscv)" >>"$DEPS/kvm/versions"
}

# ---- built outside Meson, because the header may be missing at configuration --------

bench_plugin_build() {
    local here=$TOP/test/bench/plugin
    mkdir -p "$TOP/build/test/bench"
    cc -std=c17 -O2 -Wall -Wextra -Wconversion -Wshadow -Werror -shared -fPIC -I "$here" \
        -isystem "$DEPS/plugin" "$here/count.c" "$here/sites.c" -o "$TOP/build/test/bench/count.so" ||
        die 'the plugin that counts could not be built'
}
