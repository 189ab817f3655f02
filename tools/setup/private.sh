# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Unpacks build tools into .deps/host, for hosts where set-up may not install
# packages.  The tools are of the host's own release and use the host's C library;
# wrappers in .deps/bin tell each tool where its other files are.

# Packages of the running system that must not be shadowed.
PRIVATE_SKIP='libc6 libc-bin base-files base-passwd dpkg'

private_multiarch() {
    case $HOST_MACHINE in
        x86_64) printf 'x86_64-linux-gnu' ;;
        aarch64) printf 'aarch64-linux-gnu' ;;
    esac
}

private_unpack() {
    rm -rf "$DEPS/host"
    find "$DEPS/bin" -type f ! -name 'qemu-*' -delete 2>/dev/null
    UNPACK_SKIP=$PRIVATE_SKIP unpack_closure bare "$DEPS/host" "$@"
    mkdir -p "$DEPS/bin"
    private_sysroot
    private_wrappers
    private_pkgconfig
    printf '%s\n' "$*" >"$DEPS/host/complete"
}

# With --sysroot the linker looks for the C library below the prefix.  The links
# made here lead to the host's C library, which the programs will use.
private_sysroot() {
    local multiarch lib folder
    multiarch=$(private_multiarch)
    [ -e "$DEPS/host/lib" ] || ln -s usr/lib "$DEPS/host/lib"
    for folder in "lib/$multiarch" "usr/lib/$multiarch"; do
        mkdir -p "$DEPS/host/$folder"
        for lib in libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1 \
            libresolv.so.2 libutil.so.1; do
            [ -e "/lib/$multiarch/$lib" ] && ln -sf "/lib/$multiarch/$lib" "$DEPS/host/$folder/$lib"
        done
    done
    for lib in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do
        [ -e "$lib" ] || continue
        mkdir -p "$DEPS/host${lib%/*}"
        ln -sf "$lib" "$DEPS/host$lib"
    done
}

# private_wrapper NAME PROGRAM [WORD...]: writes a command into .deps/bin.  $host
# in the words stands for the prefix.
private_wrapper() {
    local name=$1 program=$2
    shift 2
    cat >"$DEPS/bin/$name" <<EOF
#!/bin/sh
# Written by ./warren setup.
d=\$(cd "\$(dirname "\$0")/.." && pwd) && host=\$d/host && . "\$d/env" || exit 1
exec "$program" $* "\$@"
EOF
    chmod +x "$DEPS/bin/$name"
}

private_wrappers() {
    local multiarch gcc python
    multiarch=$(private_multiarch)
    private_env_write "$multiarch"
    gcc=$(cd "$DEPS/host/usr/bin" && find . -name "gcc-[0-9]*" | sort -V | tail -n 1)
    python=$(cd "$DEPS/host/usr/bin" && find . -name 'python3.[0-9]*' ! -name '*-*' | sort -V | tail -n 1)
    if [ -n "$gcc" ]; then
        set -- '"--sysroot=$host"' "\"-Wl,-rpath,\$host/usr/lib/$multiarch\"" \
            "\"-Wl,-rpath,\$host/lib/$multiarch\""
        private_wrapper gcc "\$host/usr/bin/${gcc#./}" "$@"
        private_wrapper cc "\$host/usr/bin/${gcc#./}" "$@"
    fi
    if [ -n "$python" ]; then
        private_wrapper python3 "\$host/usr/bin/${python#./}"
    fi
    if [ -e "$DEPS/host/usr/bin/meson" ]; then
        private_wrapper meson python3 '"$host/usr/bin/meson"'
    fi
    if [ -e "$DEPS/host/usr/bin/ninja" ]; then
        private_wrapper ninja '$host/usr/bin/ninja'
    fi
}

# Writes .deps/env: the library path and the search path, for the wrappers and for a shell.
private_env_write() {
    local multiarch=$1
    cat >"$DEPS/env" <<EOF
# Written by ./warren setup; d is the folder .deps.
if [ "\${WARREN_PRIVATE_TOOLS-}" != "\$d" ]; then
    export WARREN_PRIVATE_TOOLS="\$d"
    export PATH="\$d/bin:\$PATH:\$d/host/usr/bin:\$d/host/bin"
    export LD_LIBRARY_PATH="\$d/host/usr/lib/$multiarch:\$d/host/lib/$multiarch\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
    export PYTHONPATH="\$d/host/usr/lib/python3/dist-packages\${PYTHONPATH:+:\$PYTHONPATH}"
    export PKG_CONFIG_PATH="\$d/host/usr/lib/$multiarch/pkgconfig\${PKG_CONFIG_PATH:+:\$PKG_CONFIG_PATH}"
    export PKG_CONFIG_PATH_FOR_BUILD="\$PKG_CONFIG_PATH"
fi
EOF
}

# Changes each .pc file, which names its library's path, to the path below the prefix.
private_pkgconfig() {
    local multiarch file
    multiarch=$(private_multiarch)
    for file in "$DEPS/host/usr/lib/$multiarch/pkgconfig"/*.pc; do
        [ -e "$file" ] || continue
        sed -i -e 's|^prefix=/usr$|prefix=${pcfiledir}/../../..|' \
            -e "s|=/usr/|=\${pcfiledir}/../../../|" \
            -e "s|^Libs:|Libs: -Wl,-rpath,\${pcfiledir}/..|" "$file"
    done
}
