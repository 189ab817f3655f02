# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The host's release and architecture, and how to run a command as root.

host_release_read() {
    local file=/etc/os-release
    HOST_ID='' HOST_VERSION='' HOST_CODENAME=''
    if [ -r "$file" ]; then
        HOST_ID=$(. "$file" && printf '%s' "${ID-}")
        HOST_VERSION=$(. "$file" && printf '%s' "${VERSION_ID-}")
        HOST_CODENAME=$(. "$file" && printf '%s' "${VERSION_CODENAME-}")
    fi
    HOST_MACHINE=$(uname -m)
}

# Set-up supports Debian 12 and later on amd64 and arm64.  On any other host it
# prints one message that gives a command for a Debian container.
host_require_supported() {
    local mend="docker run --rm -it -v \"\$PWD\":/warren -w /warren debian:13 ./warren run"
    host_release_read
    if [ "$HOST_ID" != debian ] || [ "${HOST_VERSION%%.*}" -lt 12 ] 2>/dev/null ||
        ! [ "${HOST_VERSION%%.*}" -ge 12 ] 2>/dev/null; then
        die "set-up knows Debian 12 and 13; this is ${HOST_ID:-an unknown system}" \
            "${HOST_VERSION-}. In a container it works as it is: $mend"
    fi
    case $HOST_MACHINE in
        x86_64 | aarch64) ;;
        *) die "set-up knows amd64 and arm64 hosts, this is $HOST_MACHINE. In a container" \
            "on such a host it works as it is: $mend" ;;
    esac
}

# host_root_command: sets HOST_ROOT to the words that run a command as root (none
# for root itself); false if commands cannot run as root.
host_root_command() {
    HOST_ROOT=()
    if [ "$(id -u)" = 0 ]; then return 0; fi
    command -v sudo >/dev/null 2>&1 || return 1
    if sudo -n true 2>/dev/null; then
        HOST_ROOT=(sudo -n)
        return 0
    fi
    if [ -t 0 ] && [ "$WARREN_YES" != 1 ] && sudo -v; then
        HOST_ROOT=(sudo)
        return 0
    fi
    return 1
}
