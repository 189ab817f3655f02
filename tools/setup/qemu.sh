# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# QEMU 10 or newer and its OpenSBI: the system's if it is new enough, else a
# private copy.  The private copy uses its own C library and its own loader, so it
# works on any release of the system.

QEMU_MAJOR_NEEDED=10
QEMU_PACKAGES=(qemu-system-riscv opensbi)

qemu_is_new_enough() {
    local major
    major=$("$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\)\..*/\1/p')
    [ "${major:-0}" -ge "$QEMU_MAJOR_NEEDED" ]
}

# qemu_find: sets QEMU to a program that is new enough; false if there is none.
qemu_find() {
    QEMU=$DEPS/bin/qemu-system-riscv64
    [ -x "$QEMU" ] && qemu_is_new_enough "$QEMU" && return 0
    QEMU=$(PATH=$SYSTEM_PATH command -v qemu-system-riscv64) || return 1
    qemu_is_new_enough "$QEMU"
}

qemu_unpack() {
    rm -rf "$DEPS/qemu" "$DEPS/bin/qemu-system-riscv64"
    unpack_closure next "$DEPS/qemu" "${QEMU_PACKAGES[@]}"
    qemu_wrapper_write
    qemu_is_new_enough "$DEPS/bin/qemu-system-riscv64" ||
        die 'the unpacked QEMU does not start; .deps/bin/qemu-system-riscv64 --version says why'
}

# All paths in the wrapper are relative to the wrapper, so the tree can be moved.
qemu_wrapper_write() {
    local multiarch loader
    multiarch=$(basename "$(dirname "$(find "$DEPS/qemu/usr/lib" -name 'libpixman-1.so.0' |
        head -n 1)")")
    loader=$(cd "$DEPS/qemu" && find . \( -name 'ld-linux-*.so.*' \) | sort | head -n 1)
    [ -n "$loader" ] || die 'the unpacked QEMU has no dynamic loader'
    mkdir -p "$DEPS/bin"
    cat >"$DEPS/bin/qemu-system-riscv64" <<EOF
#!/bin/sh
# Written by ./warren setup: QEMU on the libraries it was built with.
p=\$(cd "\$(dirname "\$0")/../qemu" && pwd) || exit 1
unset LD_LIBRARY_PATH
exec "\$p/${loader#./}" \\
    --library-path "\$p/usr/lib/$multiarch:\$p/lib/$multiarch" \\
    "\$p/usr/bin/qemu-system-riscv64" -L "\$p/usr/share/qemu" -L "\$p/usr/lib/riscv64-linux-gnu/opensbi/generic" "\$@"
EOF
    chmod +x "$DEPS/bin/qemu-system-riscv64"
}
