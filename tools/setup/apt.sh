# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# A private apt: it uses the system's sources and keys, but its package lists, its
# cache and, in some views, its record of installed packages are below .deps/apt.
# It works without root and does not change the system's apt.
#
# There are four views.  `host` has the system's sources and its installed
# packages.  `bare` has the same sources and no installed packages.  `next` and
# `guest` have the release that contains QEMU and the guest kernel, for this
# machine and for riscv64, and no installed packages.

WARREN_NEXT_RELEASE=trixie

# apt_view VIEW COMMAND...: runs an apt tool in that view.
apt_view() {
    local view=$1 tool=$2
    shift 2
    LC_ALL=C DEBIAN_FRONTEND=noninteractive "$tool" -c "$APT_DIR/$view.conf" "$@"
}

# apt_view_write VIEW LISTS [LINE...]: the configuration file of a view whose
# lists are in $APT_DIR/LISTS; further lines are appended as they are.
apt_view_write() {
    local view=$1 lists=$2
    shift 2
    mkdir -p "$APT_DIR/$lists/lists/partial" "$APT_DIR/$lists/cache/archives/partial"
    {
        printf 'Dir::State::lists "%s";\n' "$APT_DIR/$lists/lists"
        printf 'Dir::Cache "%s";\n' "$APT_DIR/$lists/cache"
        printf 'Dir::Cache::archives "%s";\n' "$APT_DIR/$lists/cache/archives"
        printf 'Acquire::Languages "none";\n'
        printf 'APT::Update::Post-Invoke "";\n#clear APT::Update::Post-Invoke;\n'
        printf '#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n'
        printf 'APT::Install-Recommends "false";\nAPT::Install-Suggests "false";\n'
        printf 'APT::Sandbox::User "root";\n'
        [ $# = 0 ] || printf '%s\n' "$@"
    } >"$APT_DIR/$view.conf"
}

apt_lines_nothing_installed() {
    : >"$APT_DIR/status"
    printf 'Dir::State::status "%s";\n' "$APT_DIR/status"
    printf 'Dir::State::extended_states "%s";\n' "$APT_DIR/extended_states"
    printf 'Dir::Etc::preferences "/dev/null";\nDir::Etc::preferencesparts "/dev/null";\n'
    printf 'APT::Default-Release "";\nDebug::NoLocking "true";\n#clear DPkg::Pre-Install-Pkgs;\n'
    printf '#clear DPkg::Post-Invoke;\n#clear DPkg::Pre-Invoke;\n'
}

apt_lines_source() {
    printf 'Dir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "/dev/null";\n' "$1"
}

apt_update() {
    local view=$1
    step "Reading the package lists ($2)"
    apt_view "$view" apt-get update -q 2>&1 | sed 's/^/    /'
    return "${PIPESTATUS[0]}"
}

# The system's own sources, or the mirror that --mirror names.
apt_open_host() {
    local lines=()
    if [ -n "$WARREN_MIRROR" ]; then
        printf 'deb %s %s main\n' "$WARREN_MIRROR" "$HOST_CODENAME" >"$APT_DIR/host.list"
        mapfile -t lines < <(apt_lines_source "$APT_DIR/host.list")
    fi
    apt_view_write host host "${lines[@]}"
    mapfile -t -O "${#lines[@]}" lines < <(apt_lines_nothing_installed)
    apt_view_write bare host "${lines[@]}"
    # A third-party source may fail; only Debian's own lists are needed.
    apt_update host 'this system' || warn 'not every source of this system answered'
    [ -n "$(apt_candidate bare base-files)" ] ||
        die "no package list of Debian $HOST_CODENAME arrived from" \
            "${WARREN_MIRROR:-the sources of this system} (no network?);" \
            './warren setup --mirror URI names another mirror'
    apt_mirror_find
}

# apt_mirror_find: APT_MIRROR is the URI the system takes Debian from.
apt_mirror_find() {
    local line
    APT_MIRROR=$WARREN_MIRROR
    [ -z "$APT_MIRROR" ] || return 0
    while read -r line; do
        case $line in
            "$HOST_CODENAME "*) APT_MIRROR=${line#* } && break ;;
            *' '*) [ -n "$APT_MIRROR" ] || APT_MIRROR=${line#* } ;;
        esac
    done < <(apt_view host apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' 'Label: Debian')
    APT_MIRROR=${APT_MIRROR%/}
    [ -n "$APT_MIRROR" ] ||
        die "apt has no Debian package list here (no network, or no Debian source?);" \
            "./warren setup --mirror URI names a mirror"
}

# Sets APT_KEYRING to the keys that sign the next release: the system's keyring or,
# if that is too old for the release, the one in the newest keyring package.
apt_keyring_find() {
    local name
    for name in pgp gpg; do
        if [ -r "/usr/share/keyrings/debian-archive-$WARREN_NEXT_RELEASE-stable.$name" ]; then
            APT_KEYRING=/usr/share/keyrings/debian-archive-keyring.$name
            return
        fi
    done
    mkdir -p "$APT_DIR/keyring"
    (cd "$APT_DIR/keyring" && apt_view bare apt-get download -q debian-archive-keyring &&
        dpkg-deb -x ./*.deb . && rm -f ./*.deb) >/dev/null 2>&1 ||
        die "the keys of Debian $WARREN_NEXT_RELEASE are not on this system and could not be" \
            "fetched: install a current debian-archive-keyring"
    APT_KEYRING=$(find "$APT_DIR/keyring" -name 'debian-archive-keyring.[gp]*' | sort | head -n 1)
}

# apt_open_next VIEW [ARCHITECTURE]: the next release's main section.
apt_open_next() {
    local view=$1 arch=${2-} lines=() label="Debian $WARREN_NEXT_RELEASE${2+, $2}"
    apt_keyring_find
    printf '%s [signed-by=%s] %s %s main\n' deb "$APT_KEYRING" "$APT_MIRROR" "$WARREN_NEXT_RELEASE" \
        >"$APT_DIR/$view.list"
    mapfile -t lines < <(apt_lines_source "$APT_DIR/$view.list" && apt_lines_nothing_installed)
    if [ -n "$arch" ]; then
        sed 's/^deb /deb-src /' "$APT_DIR/$view.list" >"$APT_DIR/$view.src"
        cat "$APT_DIR/$view.src" >>"$APT_DIR/$view.list" && rm "$APT_DIR/$view.src"
        lines+=("#clear APT::Architectures;" "APT::Architecture \"$arch\";"
            "APT::Architectures { \"$arch\"; };")
    fi
    apt_view_write "$view" "$view" "${lines[@]}"
    apt_update "$view" "$label" && [ -n "$(apt_candidate "$view" base-files)" ] ||
        die "no package lists of Debian $WARREN_NEXT_RELEASE at the mirror this system uses;" \
            "./warren setup --mirror URI names another"
}

# apt_plan VIEW PACKAGE...: one line for each package apt would unpack:
# name, version, bytes to fetch, KiB on disk.
apt_plan() {
    local view=$1
    shift
    apt_view "$view" apt-get -s install "$@" 2>"$APT_DIR/error" |
        sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) .*/\1=\3/p' >"$APT_DIR/plan"
    if ! [ -s "$APT_DIR/plan" ]; then
        sed 's/^/    /' "$APT_DIR/error" >&2
        return 1
    fi
    xargs -a "$APT_DIR/plan" env LC_ALL=C apt-cache -c "$APT_DIR/$view.conf" show |
        awk '/^Package: /{p=$2} /^Version: /{v=$2} /^Installed-Size: /{k=$2} /^Size: /{s=$2}
             /^$/{if (p != "") print p, v, s, k; p=""} END{if (p != "") print p, v, s, k}' |
        sort -u
}

# apt_is_harmless PACKAGE...: true if installing them upgrades and removes no package.
apt_is_harmless() {
    local plan
    plan=$(apt_view host apt-get -s install "$@" 2>/dev/null) || return 1
    ! grep -Eq '^Remv |^Inst [^ ]+ \[' <<<"$plan"
}

# apt_candidate VIEW PACKAGE: the version that would be installed, or nothing.
apt_candidate() {
    apt_view "$1" apt-cache policy "$2" 2>/dev/null |
        awk '/Candidate:/ && $2 != "(none)" {print $2}'
}
