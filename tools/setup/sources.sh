# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Downloads the two libraries that are built from source: musl, with the
# distribution's fixes, and libfdt from the device-tree-compiler.  Each becomes one
# archive in subprojects/packagefiles/.  The names of the archive and of the folder
# in it do not depend on the version, so the Meson wraps need no URL and no change.

SOURCES_DIR=$TOP/subprojects/packagefiles

sources_are_here() {
    [ -s "$SOURCES_DIR/musl.tar.gz" ] && [ -s "$SOURCES_DIR/dtc.tar.gz" ]
}

sources_fetch() {
    local work=$APT_DIR/sources
    rm -rf "$work" && mkdir -p "$work"
    step 'Fetching the sources of musl and libfdt'
    (cd "$work" && apt_view guest apt-get -q source --download-only musl &&
        apt_view guest apt-get -q source --download-only --tar-only device-tree-compiler) \
        >"$APT_DIR/log" 2>&1 || {
        tail -n 5 "$APT_DIR/log" >&2
        die 'could not fetch the sources of musl and device-tree-compiler'
    }
    rm -f "$work"/*.asc
    sources_pack musl "$work"/musl_*.orig.tar.* "$work"/musl_*.debian.tar.*
    sources_pack dtc "$work"/device-tree-compiler_*.orig.tar.*
    rm -rf "$work"
}

# sources_pack NAME ORIG [DEBIAN]: unpacks ORIG, applies the distribution's patches
# in order, and packs the result again with its folder called NAME.
sources_pack() {
    local name=$1 orig=$2 debian=${3-} work=$APT_DIR/sources/$1 patch
    mkdir -p "$work/$name"
    tar -x -C "$work/$name" --strip-components=1 -f "$orig" || die "could not unpack $orig"
    if [ -n "$debian" ]; then
        tar -x -C "$work" -f "$debian" || die "could not unpack $debian"
        while read -r patch _; do
            case $patch in '' | '#'*) continue ;; esac
            patch -s -p1 -d "$work/$name" <"$work/debian/patches/$patch" ||
                die "the patch $patch does not fit $name"
        done < <(cat "$work/debian/patches/series" 2>/dev/null)
    fi
    mkdir -p "$SOURCES_DIR"
    tar -c -z -C "$work" --owner=0 --group=0 -f "$work/packed" "$name" &&
        mv "$work/packed" "$SOURCES_DIR/$name.tar.gz" || die "could not pack $name"
    # A folder unpacked from an older archive must not hide the new archive.
    rm -rf "${TOP:?}/subprojects/$name"
}

# Meson copies an overlay only when it unpacks, so this copies later changes.
sources_overlay_refresh() {
    local pair
    for pair in musl:musl libfdt:dtc; do
        if [ -d "$TOP/subprojects/${pair#*:}" ] && [ -d "$SOURCES_DIR/${pair%:*}" ]; then
            cp -r -u "$SOURCES_DIR/${pair%:*}/." "$TOP/subprojects/${pair#*:}/"
        fi
    done
}
