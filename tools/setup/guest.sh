# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Downloads the software of a Debian guest: the distribution's riscv64 kernel and a static busybox.

guest_is_here() {
    [ -s "$DEPS/guest/Image" ] && [ -x "$DEPS/guest/busybox" ] &&
        [ -s "$DEPS/guest/versions" ]
}

# The kernel package that linux-image-riscv64 depends on.
guest_kernel_package() {
    apt_view guest apt-cache show --no-all-versions linux-image-riscv64 |
        sed -n 's/^Depends: .*\(linux-image-[0-9][^ ,]*\).*/\1/p' | head -n 1
}

guest_fetch() {
    local work=$DEPS/guest/unpacked kernel
    kernel=$(guest_kernel_package)
    [ -n "$kernel" ] || die 'the mirror has no riscv64 kernel package'
    rm -rf "$DEPS/guest" && mkdir -p "$work"
    unpack_one guest "$kernel" "$work" './boot/vmlinu*'
    unpack_one guest busybox-static "$work" './*bin/busybox'
    cp "$work"/boot/vmlinu* "$DEPS/guest/kernel.packed"
    guest_image_plain "$DEPS/guest/kernel.packed" "$DEPS/guest/Image"
    cp "$(find "$work" -type f -name busybox | head -n 1)" "$DEPS/guest/busybox"
    chmod 755 "$DEPS/guest/busybox"
    rm -rf "$work" "$DEPS/guest/kernel.packed"
    {
        printf '%s %s\n' "$kernel" "$(apt_candidate guest "$kernel")"
        printf 'busybox-static %s\n' "$(apt_candidate guest busybox-static)"
    } >"$DEPS/guest/versions"
}

# A kernel package contains the Image, plain or compressed with gzip.
guest_image_plain() {
    if gzip -t "$1" 2>/dev/null; then gzip -dc "$1" >"$2"; else cp "$1" "$2"; fi
    [ "$(dd if="$2" bs=1 skip=56 count=4 2>/dev/null)" = RSC$'\005' ] ||
        die "the downloaded guest kernel is not a RISC-V Image: $2"
}
