# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren setup: finds the missing parts, lists them, gets them, configures build/.

# A key that changes with these scripts, the host's release, and the tree's path.
setup_key() {
    { cat "$TOP"/tools/setup/*.sh && printf '%s\n' "$HOST_ID $HOST_VERSION $HOST_MACHINE $TOP"; } |
        sha256sum | cut -c1-32
}

setup_main() {
    local key missing=0
    host_require_supported
    mkdir -p "$DEPS"
    exec 9>"$DEPS/lock"
    flock -n 9 || { say 'Another ./warren is setting this tree up; waiting for it.' && flock 9; }
    setup_drop_foreign
    env_enter
    plan_need
    if ! plan_is_empty; then
        missing=1
        setup_get
    fi
    key=$(setup_key)
    if [ "$missing" = 1 ] || [ "$(cat "$DEPS/stamp" 2>/dev/null)" != "$key" ]; then
        sources_overlay_refresh
        build_configure
        printf '%s\n' "$key" >"$DEPS/stamp"
    elif ! [ -f "$TOP/build/build.ninja" ]; then
        build_configure
    fi
    exec 9>&-
}

# Removes tools that were unpacked for another release of the host: they would not run.
setup_drop_foreign() {
    local release="$HOST_ID $HOST_VERSION $HOST_MACHINE"
    if [ -e "$DEPS/release" ] && [ "$(cat "$DEPS/release")" != "$release" ]; then
        rm -rf "$DEPS/host" "$DEPS/env"
        find "$DEPS/bin" -type f ! -name 'qemu-*' -delete 2>/dev/null
    fi
    printf '%s\n' "$release" >"$DEPS/release"
}

setup_get() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        die 'this Debian has no apt-get or dpkg-deb'
    mkdir -p "$APT_DIR"
    say 'Warren is not set up here yet; missing:' && plan_names | paste -s -d ' ' |
        fold -s -w 88 | sed 's/^/    /'
    # Without a terminal to ask on, the exit status is 2 even if the plan cannot be completed.
    if [ "$WARREN_YES" != 1 ] && ! [ -t 0 ]; then
        (plan_make && plan_print)
        ask 'Go on?'
    fi
    plan_make
    plan_print
    plan_check_space
    ask 'Go on?' || die 'nothing was done'
    if [ ${#PLAN_SYSTEM[@]} -gt 0 ]; then setup_install; fi
    if [ ${#PLAN_PRIVATE[@]} -gt 0 ]; then private_unpack "${PLAN_PRIVATE[@]}"; fi
    if [ "$PLAN_QEMU" = 1 ]; then qemu_unpack; fi
    env_enter
    if [ "$PLAN_SOURCES" = 1 ]; then sources_fetch; fi
    if [ "$PLAN_GUEST" = 1 ]; then guest_fetch; fi
    rm -rf "$APT_DIR"
    hash -r
    plan_need
    plan_is_empty || die "still missing after set-up: $(plan_names | paste -s -d ' ')"
}

# apt_is_harmless has checked the plan; the options make apt refuse upgrades and removals.
setup_install() {
    step "Installing ${PLAN_SYSTEM[*]}"
    "${HOST_ROOT[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        apt-get -c "$APT_DIR/host.conf" -q -y --no-upgrade --no-remove \
        install "${PLAN_SYSTEM[@]}" </dev/null 2>&1 | sed 's/^/    /'
    [ "${PIPESTATUS[0]}" = 0 ] || die 'apt could not install the packages'
}
