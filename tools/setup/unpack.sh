# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Unpacks packages into a private folder, without running maintainer scripts.

# unpack_closure VIEW PREFIX PACKAGE...: fetches the packages and all their
# dependencies, and unpacks them below PREFIX, except those named in UNPACK_SKIP.
unpack_closure() {
    local view=$1 prefix=$2 archives deb name count=0 debs
    shift 2
    archives=$APT_DIR/$view-archives
    rm -rf "$archives" && mkdir -p "$archives/partial" "$prefix"
    step "Fetching $* and what they need"
    apt_view "$view" apt-get -q -y --download-only -o "Dir::Cache::archives=$archives" \
        install "$@" >"$APT_DIR/log" 2>&1 &
    unpack_watch $! "$archives" || {
        tail -n 5 "$APT_DIR/log" >&2
        die 'could not fetch the packages'
    }
    step "Unpacking into ${prefix#"$TOP"/}"
    debs=("$archives"/*.deb)
    for deb in "${debs[@]}"; do
        count=$((count + 1))
        name=$(basename "${deb%%_*}")
        progress "$count" "${#debs[@]}" "$name"
        case " ${UNPACK_SKIP-} " in *" $name "*) continue ;; esac
        dpkg-deb -x "$deb" "$prefix" || die "could not unpack $deb"
    done
    rm -rf "$archives"
}

# unpack_watch PID FOLDER: prints the size of FOLDER until the process ends; returns
# the exit status of the process.
unpack_watch() {
    local pid=$1 folder=$2 last=-1 now
    while kill -0 "$pid" 2>/dev/null; do
        now=$(du -sm "$folder" 2>/dev/null | cut -f1)
        if [ -t 1 ]; then
            printf '\r    %s MB' "${now:-0}"
        elif [ "${now:-0}" -ge $((last + 20)) ]; then
            printf '    %s MB\n' "${now:-0}"
            last=${now:-0}
        fi
        sleep 1
    done
    now=$(du -sm "$folder" | cut -f1)
    if [ -t 1 ]; then printf '\r    %s MB\n' "$now"; else printf '    %s MB\n' "$now"; fi
    wait "$pid"
}

# unpack_one VIEW PACKAGE FOLDER [MEMBER...]: fetches and unpacks one package without
# its dependencies; if members are named, only those.
unpack_one() {
    local view=$1 package=$2 folder=$3 work=$APT_DIR/$1-one
    shift 3
    rm -rf "$work" && mkdir -p "$work" "$folder"
    step "Fetching $package"
    (cd "$work" && apt_view "$view" apt-get -q download "$package" >"$APT_DIR/log" 2>&1) &
    unpack_watch $! "$work" || {
        tail -n 5 "$APT_DIR/log" >&2
        die "could not fetch $package"
    }
    dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$folder" --wildcards --no-same-owner "$@" ||
        die "could not unpack $package"
    rm -rf "$work"
}
