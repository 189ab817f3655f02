# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Downloads the bounded model checker CBMC, which only the proofs of test/cbmc need, with the
# libraries of its release.  .deps/cbmc/run starts CBMC; nothing is installed on the system.

CBMC_PACKAGES=(cbmc libc6 libgcc-s1 libstdc++6 minisat zlib1g)
# The files to keep from these packages: the program and the shared libraries.
CBMC_MEMBERS=('./usr/bin/cbmc' './*/ld-linux-*' './*/lib*.so.*')

cbmc_is_here() { [ -x "$DEPS/cbmc/run" ] || command -v cbmc >/dev/null 2>&1; }

# cbmc_get [SUITE-WORD...]: does nothing when the words name only other suites.
cbmc_get() {
    case " $* " in
        '  ' | *' prove'*) ;;
        *) return 0 ;;
    esac
    cbmc_is_here && return
    say 'The proofs need CBMC: 26 MB to fetch, 22 MB on disk, in .deps/cbmc'
    ask 'Go on?' || die 'nothing was done'
    exec 9>"$DEPS/lock" && flock 9
    cbmc_is_here || cbmc_fetch
    exec 9>&-
}

cbmc_fetch() {
    local package
    host_require_supported
    rm -rf "$DEPS/cbmc" && mkdir -p "$APT_DIR"
    apt_open_host
    apt_open_next next
    for package in "${CBMC_PACKAGES[@]}"; do
        cbmc_unpack "$package"
    done
    rm -rf "$APT_DIR"
    cbmc_wrapper_write
    "$DEPS/cbmc/run" --version >/dev/null ||
        die 'the unpacked CBMC does not start; .deps/cbmc/run --version says why'
}

# Each package contains only some of the members, so a missing member is not an error.
cbmc_unpack() {
    local work=$DEPS/cbmc/unpacked
    unpack_one next "$1" "$work"
    (cd "$work" && find . -type f,l | while read -r file; do
        for pattern in "${CBMC_MEMBERS[@]}"; do
            # shellcheck disable=SC2254
            case $file in $pattern) mkdir -p "../${file%/*}" && mv "$file" "../$file" && break ;; esac
        done
    done)
    rm -rf "$work"
}

# All paths in the wrapper are relative to the wrapper, so the tree can be moved.
cbmc_wrapper_write() {
    local loader folder path=''
    loader=$(cd "$DEPS/cbmc" && find . -name 'ld-linux-*.so.*' | sort | head -n 1)
    [ -n "$loader" ] || die 'the unpacked CBMC has no dynamic loader'
    while read -r folder; do
        path=$path:\$p/${folder#./}
    done < <(cd "$DEPS/cbmc" && find . -name 'lib*.so.*' ! -path '*/share/*' -printf '%h\n' | sort -u)
    cat >"$DEPS/cbmc/run" <<END
#!/bin/sh
# Written by ./warren test: CBMC on the libraries it was built with.
p=\$(cd "\$(dirname "\$0")" && pwd) || exit 1
unset LD_LIBRARY_PATH
exec "\$p/${loader#./}" --library-path "${path#:}" "\$p/usr/bin/cbmc" "\$@"
END
    chmod +x "$DEPS/cbmc/run"
}
