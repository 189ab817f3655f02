# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Downloads S-mode software of other projects, which only the system tests need.
#
# .deps/foreign/new and old: the boot loader U-Boot for S mode, of the newest
# release and of the one before.  Without them, the tests that start them are skipped.

FOREIGN_OLD_RELEASE=bookworm
FOREIGN_MEMBERS='./usr/lib/u-boot/qemu-riscv64_smode/*'

foreign_is_here() { [ -s "$DEPS/foreign/versions" ]; }

# foreign_get [SUITE-WORD...]: does nothing when the words name only other suites.
foreign_get() {
    case " $* " in
        '  ' | *' system'*) ;;
        *) return 0 ;;
    esac
    foreign_is_here && return
    say 'The system tests start U-Boot as a guest: 3 MB to fetch, 4 MB on disk, in .deps/foreign'
    # Without a terminal to ask on, or without an answer of the mirror, the other tests still run.
    if [ "$WARREN_YES" = 1 ] || { [ -t 0 ] && ask 'Go on?'; }; then
        exec 9>"$DEPS/lock" && flock 9
        foreign_is_here || (foreign_fetch)
        exec 9>&-
    fi
    foreign_is_here || warn 'the tests that need U-Boot are skipped; --yes downloads U-Boot'
}

foreign_fetch() {
    host_require_supported
    rm -rf "$DEPS/foreign" && mkdir -p "$APT_DIR" "$DEPS/foreign"
    apt_open_host
    apt_open_next guest riscv64
    foreign_unpack guest new
    # The mirror may no longer have the older release: then its tests are skipped.
    if (WARREN_NEXT_RELEASE=$FOREIGN_OLD_RELEASE apt_open_next older); then
        foreign_unpack older old
    else
        warn "no U-Boot of Debian $FOREIGN_OLD_RELEASE at this mirror"
    fi
    rm -rf "$APT_DIR"
    mv "$DEPS/foreign/fetched" "$DEPS/foreign/versions"
}

# foreign_unpack VIEW NAME
foreign_unpack() {
    local view=$1 place=$DEPS/foreign/$2
    unpack_one "$view" u-boot-qemu "$place/unpacked" "$FOREIGN_MEMBERS"
    find "$place/unpacked" -type f -exec mv {} "$place/" ';'
    rm -rf "$place/unpacked"
    [ -s "$place/u-boot.bin" ] && [ -s "$place/uboot.elf" ] || die 'u-boot-qemu lacks U-Boot for S mode'
    printf '%s u-boot-qemu %s\n' "$2" "$(apt_candidate "$view" u-boot-qemu)" >>"$DEPS/foreign/fetched"
}
