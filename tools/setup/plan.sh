# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The plan of a set-up, printed before set-up changes anything.
#
# PLAN_SYSTEM: packages for the system's package manager.
# PLAN_PRIVATE: packages to unpack into .deps/host.
# PLAN_QEMU, PLAN_GUEST, PLAN_SOURCES: 1 when that part is missing.

# plan_need: finds the missing parts, without network.
plan_need() {
    packages_missing
    PLAN_SYSTEM=() PLAN_PRIVATE=() PLAN_QEMU=0 PLAN_GUEST=0 PLAN_SOURCES=0
    qemu_find || PLAN_QEMU=1
    guest_is_here || PLAN_GUEST=1
    sources_are_here || PLAN_SOURCES=1
}

plan_is_empty() {
    [ ${#MISSING[@]} = 0 ] && [ "$PLAN_QEMU$PLAN_GUEST$PLAN_SOURCES" = 000 ]
}

# plan_names: prints the names of the missing packages.
plan_names() {
    local names=("${MISSING[@]}")
    [ "$PLAN_QEMU" = 0 ] || names+=("${QEMU_PACKAGES[@]}")
    [ "$PLAN_GUEST" = 0 ] || names+=(linux-image-riscv64 busybox-static)
    [ "$PLAN_SOURCES" = 0 ] || names+=('musl (source)' 'device-tree-compiler (source)')
    printf '%s\n' "${names[@]}"
}

# plan_make: reads the package lists and decides where each part comes from.
plan_make() {
    local version wanted=("${MISSING[@]}")
    apt_open_host
    if host_root_command; then
        version=$(apt_candidate host qemu-system-riscv)
        version=${version#*:}
        if [ "$PLAN_QEMU" = 1 ] && [ "${version%%.*}" -ge "$QEMU_MAJOR_NEEDED" ] 2>/dev/null; then
            wanted+=("${QEMU_PACKAGES[@]}")
        fi
        if [ ${#wanted[@]} -gt 0 ] && apt_is_harmless "${wanted[@]}"; then
            PLAN_SYSTEM=("${wanted[@]}")
            [ ${#wanted[@]} = ${#MISSING[@]} ] || PLAN_QEMU=0
        elif [ ${#MISSING[@]} -gt 0 ] && apt_is_harmless "${MISSING[@]}"; then
            PLAN_SYSTEM=("${MISSING[@]}")
        fi
    fi
    [ ${#PLAN_SYSTEM[@]} -gt 0 ] || plan_private
    if [ "$PLAN_QEMU" = 1 ]; then apt_open_next next; fi
    if [ "$PLAN_GUEST$PLAN_SOURCES" != 00 ]; then apt_open_next guest riscv64; fi
}

# Unpacks the packages of earlier runs again, together with those missing now,
# because all packages below the prefix must come from one dependency closure.
plan_private() {
    PLAN_PRIVATE=("${MISSING[@]}")
    if [ ${#MISSING[@]} -gt 0 ] && [ -r "$DEPS/host/complete" ]; then
        read -r -a earlier <"$DEPS/host/complete"
        PLAN_PRIVATE+=("${earlier[@]}")
    fi
}

# plan_part VIEW TITLE PACKAGE...: prints one block of the plan; adds to PLAN_KIB.
plan_part() {
    local view=$1 title=$2 rows
    shift 2
    rows=$(apt_plan "$view" "$@") || die "apt cannot resolve: $*"
    plan_rows "$title" "$rows" "$(awk '{k += $4} END {print k + 0}' <<<"$rows")"
}

# plan_rows TITLE ROWS KIB: prints the packages, the bytes to fetch, and the disk space.
plan_rows() {
    local title=$1 rows=$2 kib=$3
    awk -v title="$title" -v kib="$kib" '{n++; s += $3}
        END {printf "  %s: %d packages, %.0f MB to fetch, %.0f MB on disk\n",
             title, n, s / 1e6, kib / 1e3}' <<<"$rows"
    awk '{print $1}' <<<"$rows" | sort -u | paste -s -d ' ' | fold -s -w 88 | sed 's/^/      /'
    PLAN_KIB=$((PLAN_KIB + kib))
}

plan_print() {
    local rows kernel
    PLAN_KIB=0
    say '' 'Warren needs what this system does not have yet:'
    if [ ${#PLAN_SYSTEM[@]} -gt 0 ]; then
        plan_part host 'installed with apt (nothing is upgraded or removed)' "${PLAN_SYSTEM[@]}"
    fi
    if [ ${#PLAN_PRIVATE[@]} -gt 0 ]; then
        plan_part bare 'build tools, unpacked into .deps/host' "${PLAN_PRIVATE[@]}"
    fi
    if [ "$PLAN_QEMU" = 1 ]; then
        plan_part next 'QEMU, unpacked into .deps/qemu' "${QEMU_PACKAGES[@]}"
    fi
    if [ "$PLAN_GUEST" = 1 ]; then
        kernel=$(guest_kernel_package)
        rows=$(apt_view guest apt-cache show --no-all-versions "$kernel" busybox-static |
            awk '/^Package: /{p=$2} /^Size: /{s=$2} /^$/{print p, "-", s; p=""}
                 END{if (p != "") print p, "-", s}')
        plan_rows 'the guest (riscv64), into .deps/guest' "$rows" 33000
    fi
    if [ "$PLAN_SOURCES" = 1 ]; then
        say '  sources of musl and libfdt, into subprojects/: 1 MB to fetch, 14 MB on disk'
        PLAN_KIB=$((PLAN_KIB + 14000))
    fi
    say "  Together $((PLAN_KIB / 1000)) MB on disk. ./warren clean --all removes what is in this tree." ''
}

# The limit includes space for the package files while they are unpacked.
plan_check_space() {
    local free_kib
    free_kib=$(df -Pk "$TOP" | awk 'NR == 2 {print $4}')
    [ "$free_kib" -ge $((PLAN_KIB * 3 / 2 + 300000)) ] ||
        die "not enough room: $((free_kib / 1000)) MB are free here," \
            "set-up needs about $((PLAN_KIB * 3 / 2000 + 300)) MB"
}
