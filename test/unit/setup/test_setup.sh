# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2001
# Tests of the set-up's decisions, with fakes in place of apt, sudo and QEMU.
# Each test is a function that runs in a shell of its own, in an empty tree.
set -u
REAL=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
SANDBOX=$(mktemp -d)
trap 'rm -rf "$SANDBOX"' EXIT

# fake NAME: a command on the PATH whose body is read from stdin.
fake() {
    mkdir -p "$TOP/fake"
    { printf '#!/bin/bash\n' && cat; } >"$TOP/fake/$1"
    chmod +x "$TOP/fake/$1"
}

enter() {
    TOP=$SANDBOX/$1 DEPS=$SANDBOX/$1/.deps APT_DIR=$SANDBOX/$1/.deps/apt
    WARREN_YES=0 WARREN_MIRROR='' SYSTEM_PATH=$PATH HOST_CODENAME=bookworm
    mkdir -p "$APT_DIR"
    PATH=$TOP/fake:$PATH
    for part in say host apt unpack packages private qemu guest sources plan env build setup \
        foreign cbmc run trace test fuzz coverage clean; do
        . "$REAL/tools/setup/$part.sh"
    done
    unset WARREN_PRIVATE_TOOLS
}

same() { [ "$1" = "$2" ] || { printf '# expected: %s\n# found: %s\n' "$2" "$1" && return 1; }; }

test_harmless_new_packages_only_is_harmless() { # Packages that are merely new may be installed.
    fake apt-get <<'EOF'
echo 'Inst meson (1.0.1-5 Debian:12/stable [all])'
echo 'Conf meson (1.0.1-5 Debian:12/stable [all])'
EOF
    apt_is_harmless meson
}

test_harmless_upgrade_is_refused() { # One upgraded package sends set-up to the private way.
    fake apt-get <<'EOF'
echo 'Inst libc6 [2.36-9] (2.36-10 Debian:12/stable [amd64])'
echo 'Inst meson (1.0.1-5 Debian:12/stable [all])'
EOF
    ! apt_is_harmless meson
}

test_harmless_removal_is_refused() { # One removed package sends set-up to the private way.
    fake apt-get <<'EOF'
echo 'Remv qemu-system-misc [1:7.2]'
echo 'Inst qemu-system-riscv (1:10 Debian:13/stable [amd64])'
EOF
    ! apt_is_harmless qemu-system-riscv
}

test_harmless_unresolvable_is_refused() { # What apt cannot resolve is not harmless.
    fake apt-get <<<'exit 100'
    ! apt_is_harmless meson
}

test_clean_all_leaves_what_it_did_not_make() { # A store of bare systems in a user's folder: only they go.
    export WARREN_FRESH_DIR=$TOP/home SOURCES_DIR=$TOP/sources
    mkdir -p "$WARREN_FRESH_DIR/bookworm.new"
    touch "$WARREN_FRESH_DIR"/{trixie.tar,bookworm.log,trixie-123,thesis.tar}
    clean_main --all >/dev/null
    same "$(ls "$WARREN_FRESH_DIR")" thesis.tar
}

test_clean_all_takes_the_store_that_is_empty() { # test/fresh's own folder goes when nothing else is in it.
    export WARREN_FRESH_DIR=$TOP/fresh SOURCES_DIR=$TOP/sources
    mkdir -p "$WARREN_FRESH_DIR" && touch "$WARREN_FRESH_DIR/trixie.tar"
    clean_main --all >/dev/null
    [ ! -e "$WARREN_FRESH_DIR" ]
}

test_mirror_find_prefers_the_release_over_security() { # The main archive's URI, not security's.
    fake apt-get <<'EOF'
echo 'bookworm-security http://a.example/debian-security/'
echo 'bookworm http://b.example/debian/'
echo 'bookworm-updates http://c.example/debian/'
EOF
    apt_mirror_find && same "$APT_MIRROR" http://b.example/debian
}

test_mirror_find_mirror_list_is_kept_whole() { # A mirror+file: source is taken as it stands.
    fake apt-get <<<"echo 'bookworm mirror+file:/etc/apt/mirrors/debian.list'"
    apt_mirror_find && same "$APT_MIRROR" mirror+file:/etc/apt/mirrors/debian.list
}

test_mirror_find_option_wins() { # --mirror overrides what the system says.
    WARREN_MIRROR=http://d.example/debian
    fake apt-get <<<"echo 'bookworm http://b.example/debian/'"
    apt_mirror_find && same "$APT_MIRROR" http://d.example/debian
}

test_mirror_find_no_debian_source_is_said() { # Without a source the message names --mirror.
    fake apt-get <<<'true'
    local text
    text=$(apt_mirror_find 2>&1) && return 1
    [[ $text == *--mirror* ]]
}

test_ask_without_terminal_exits_2() { # Nobody to ask: status 2, and nothing is agreed to.
    (ask 'Go on?' </dev/null >/dev/null)
    same $? 2
}

test_ask_yes_option_agrees() { # --yes is an answer.
    WARREN_YES=1
    ask 'Go on?' </dev/null
}

test_root_command_without_sudo_fails() { # A plain user without sudo gets the private way.
    fake id <<<'echo 1000'
    fake sudo <<<'exit 1'
    ! host_root_command </dev/null
}

test_root_command_password_free_sudo_is_used() { # sudo that asks nothing is used.
    fake id <<<'echo 1000'
    fake sudo <<<'exit 0'
    host_root_command </dev/null && same "${HOST_ROOT[*]}" 'sudo -n'
}

test_qemu_find_old_system_qemu_is_not_taken() { # QEMU 7.2 will not do.
    fake qemu-system-riscv64 <<<"echo 'QEMU emulator version 7.2.15 (Debian)'"
    SYSTEM_PATH=$TOP/fake:$SYSTEM_PATH
    ! qemu_find
}

test_qemu_find_new_system_qemu_is_taken() { # QEMU 10 or newer of the system is used as it is.
    fake qemu-system-riscv64 <<<"echo 'QEMU emulator version 10.0.2 (Debian)'"
    SYSTEM_PATH=$TOP/fake:$SYSTEM_PATH
    qemu_find && same "$QEMU" "$TOP/fake/qemu-system-riscv64"
}

test_missing_compiler_brings_the_c_library() { # A private compiler needs its headers beside it.
    PACKAGES_NEEDED='gcc no-such-compiler-here'
    packages_missing && same "${MISSING[*]}" 'gcc libc6-dev'
}

test_missing_nothing_is_empty() { # What is here is not asked for.
    PACKAGES_NEEDED='bash bash'
    packages_missing && same "${MISSING[*]}" ''
}

test_require_supported_other_system_names_a_container() { # Another host: one message, a command.
    local text
    host_release_read() { HOST_ID=fedora HOST_VERSION=41 HOST_MACHINE=x86_64; }
    text=$(host_require_supported 2>&1) && return 1
    [[ $text == *'docker run'* ]] && same "$(wc -l <<<"$text")" 1
}

test_require_supported_both_releases_pass() { # Debian 12 and 13, on both architectures.
    host_release_read() { HOST_ID=debian HOST_VERSION=$version HOST_MACHINE=$machine; }
    for version in 12 13; do
        for machine in x86_64 aarch64; do
            (host_require_supported) || return 1
        done
    done
}

test_pack_applies_patches_in_order() { # The distribution's patches go on in their series' order.
    local work=$TOP/in
    SOURCES_DIR=$TOP/out
    mkdir -p "$work/thing-1.0" "$work/debian/patches" "$APT_DIR/sources"
    echo one >"$work/thing-1.0/file"
    printf -- '--- a/file\n+++ b/file\n@@ -1 +1 @@\n-one\n+two\n' >"$work/debian/patches/z-first"
    printf -- '--- a/file\n+++ b/file\n@@ -1 +1 @@\n-two\n+three\n' >"$work/debian/patches/a-then"
    printf 'z-first\n# a comment\na-then\n' >"$work/debian/patches/series"
    tar -c -z -C "$work" -f "$work/orig.tar.gz" thing-1.0
    tar -c -J -C "$work" -f "$work/deb.tar.xz" debian
    sources_pack thing "$work/orig.tar.gz" "$work/deb.tar.xz"
    same "$(tar -x -O -z -f "$SOURCES_DIR/thing.tar.gz" thing/file)" three
}

test_cbmc_get_other_suites_need_none() { # Whoever asks for other suites is not asked for CBMC.
    cbmc_is_here() { return 1; }
    cbmc_fetch() { echo fetched; }
    same "$(cbmc_get --suite unit </dev/null)" ''
}

test_cbmc_get_whole_run_fetches_it() { # The whole run, and the suite by name, fetch what is not there.
    cbmc_is_here() { return 1; }
    cbmc_fetch() { echo fetched; }
    WARREN_YES=1
    [[ $(cbmc_get </dev/null) == *'26 MB'*fetched ]] &&
        [[ $(cbmc_get --suite prove </dev/null) == *fetched ]]
}

test_cbmc_wrapper_finds_its_own_loader() { # The program runs on the libraries beside it.
    mkdir -p "$DEPS/cbmc/usr/lib/arch" "$DEPS/cbmc/usr/bin"
    printf '#!/bin/sh\necho "$@"\n' >"$DEPS/cbmc/usr/lib/arch/ld-linux-x.so.2"
    chmod +x "$DEPS/cbmc/usr/lib/arch/ld-linux-x.so.2"
    touch "$DEPS/cbmc/usr/lib/libminisat.so.2" "$DEPS/cbmc/usr/lib/arch/libc.so.6"
    cbmc_wrapper_write
    same "$("$DEPS/cbmc/run" --version)" \
        "--library-path $DEPS/cbmc/usr/lib:$DEPS/cbmc/usr/lib/arch $DEPS/cbmc/usr/bin/cbmc --version"
}

test_fuzz_seconds_must_be_a_number() { # A wrong word is said before anything is built.
    setup_main() { echo set up; }
    [[ $(fuzz_main --seconds soon 2>&1) == *'needs a number'* ]]
}

test_fuzz_without_clang_takes_our_engine() { # No clang, or one without its libraries: our own engine.
    fake clang <<<'exit 1'
    ! fuzz_has_libfuzzer
}

# A tree with a fake QEMU, kernel and archive, for tools/run-qemu.
run_tree() {
    mkdir -p "$TOP/tools" "$DEPS/bin" "$TOP/build/kernel" "$TOP/build/configs"
    cp "$REAL/tools/run-qemu" "$TOP/tools/run-qemu"
    echo kernel >"$TOP/build/kernel/warren.elf"
    echo archive >"$TOP/build/configs/tiny.cpio"
    { printf '#!/bin/bash\n' && cat; } >"$DEPS/bin/qemu-system-riscv64"
    chmod +x "$DEPS/bin/qemu-system-riscv64"
}

test_run_exits_as_qemu_does() { # The status of QEMU is the status of the run.
    run_tree <<<'exit 3'
    "$TOP/tools/run-qemu" "$TOP/build" tiny </dev/null >/dev/null 2>&1
    same $? 3
}

test_run_pipes_reach_qemu() { # What a script types arrives, what the console says comes back.
    run_tree <<<'read -r line && echo "heard $line"'
    same "$(echo hello | "$TOP/tools/run-qemu" "$TOP/build" tiny 2>/dev/null)" 'heard hello'
}

test_run_banner_says_how_to_leave() { # The banner names the way out and the log, beside stdout.
    local text
    run_tree <<<'true'
    text=$("$TOP/tools/run-qemu" "$TOP/build" tiny 2>&1 >/dev/null </dev/null)
    [[ $text == *Ctrl-A* && $text == *build/logs/* ]]
}

test_run_machine_memory_is_the_systems() { # The machine gets the memory its system asks for.
    run_tree <<<'echo "$@"'
    echo '{"machine_memory": 536870912}' >"$TOP/build/configs/tiny.json"
    [[ $("$TOP/tools/run-qemu" "$TOP/build" tiny 2>/dev/null </dev/null) == *'-m 512M'* ]]
}

test_run_monitor_is_there_when_asked_for() { # QEMU's monitor is on the terminal with --monitor alone.
    local text
    run_tree <<<'echo "$@"'
    text=$("$TOP/tools/run-qemu" "$TOP/build" tiny 2>&1 </dev/null)
    [[ $text != *'-mon '* && $text == *mux=on* ]] || return 1
    text=$("$TOP/tools/run-qemu" --monitor "$TOP/build" tiny 2>&1 </dev/null)
    [[ $text == *'-mon chardev=console'* && $text == *'Ctrl-A, then C'* ]]
}

test_run_signal_is_handed_on() { # A terminated run leaves no QEMU behind, and is no success.
    local pid
    run_tree <<<'trap "exit 0" TERM; echo $$ >"$(dirname "$0")/pid"; while :; do sleep 0.1; done'
    "$TOP/tools/run-qemu" "$TOP/build" tiny </dev/null >/dev/null 2>&1 &
    pid=$!
    until [ -s "$DEPS/bin/pid" ]; do sleep 0.1; done
    kill -TERM "$pid"
    wait "$pid"
    same $? 143 && ! kill -0 "$(cat "$DEPS/bin/pid")" 2>/dev/null
}

test_run_missing_archive_is_named() { # A system that was not built is named.
    local text
    run_tree <<<'true'
    text=$("$TOP/tools/run-qemu" "$TOP/build" other 2>&1 </dev/null) && return 1
    [[ $text == *other.cpio* ]]
}

# A tree with two systems, beside it a third, a fake ninja that builds what is asked for, and a fake QEMU.
system_tree() {
    run_tree <<<'echo "QEMU $*"'
    rm "$TOP/build/configs/tiny.cpio" "$TOP/build/kernel/warren.elf"
    cp -r "$REAL/tools/config" "$REAL/tools/archive" "$TOP/tools/"
    # The headers with limits that the compiler reads (tools/config/limits.py).
    mkdir -p "$TOP/libs/base" "$TOP/libs/proto" "$TOP/rootserver/parse"
    cp "$REAL/libs/base/limits.h" "$TOP/libs/base/"
    cp "$REAL/libs/proto/control.h" "$REAL/libs/proto/process_start.h" "$TOP/libs/proto/"
    cp "$REAL/rootserver/parse/system.h" "$TOP/rootserver/parse/"
    mkdir -p "$TOP/vmm" && cp -r "$REAL/vmm/dev" "$TOP/vmm/"
    system_make "$TOP/configs/old"
    system_make "$TOP/configs/new"
    system_make "$TOP/out side/third"
    fake ninja <<EOF
echo "\$*" >>"$TOP/ninja.log"
case " \$* " in
*' -t '*) printf '%s\n' 'vmm/vmm.elf: LINK' 'build/x: phony' 'disks/disk.img: CUSTOM_COMMAND' && exit ;;
esac
echo 'ninja: building'
cd "$TOP/build" || exit
for name in "\${@:3}"; do mkdir -p "\$(dirname "\$name")" && cp "$TOP/program" "\$name"; done
EOF
    PYTHONPATH=$REAL/test/unit/config:$REAL/tools/config python3 -B -c \
        'import support, sys; sys.stdout.buffer.write(support.elf_bytes())' >"$TOP/program"
    setup_main() { :; }
    build_regenerate() { :; }
}

# system_make FOLDER: one guest with a raw binary of one instruction, and a RAM disk that is built.
system_make() {
    mkdir -p "$1"
    printf 'guests = ["one"]\n' >"$1/system.toml"
    printf 'kernel = "kernel.bin"\ninitrd = "build:disks/disk.img"\n' >"$1/one.toml"
    printf '\157\0\0\0' >"$1/kernel.bin"
}

test_run_new_system_starts_at_once() { # A folder just made is built and started, and nothing is configured again.
    local text
    system_tree
    text=$(run_main new 2>&1 </dev/null) || { echo "$text" && return 1; }
    [[ $text == *'QEMU '*"-initrd $TOP/build/boot/new.cpio"* ]] &&
        grep -q 'kernel/warren.elf .*rootserver/rootserver.elf.*disks/disk.img' "$TOP/ninja.log" &&
        python3 -B "$TOP/tools/archive/pack.py" --list "$TOP/build/boot/new.cpio" | grep -q guests/one/initrd
}

test_run_system_outside_the_tree_starts() { # A path, relative or not, to the folder or to its system.toml.
    local path text
    system_tree
    cd "$TOP/out side" || return
    for path in third ./third/ "$TOP/out side/third" third/system.toml third/../third; do
        text=$(run_main "$path" 2>&1 </dev/null)
        [[ $text == *"-initrd $TOP/build/boot/third.cpio"* ]] || { echo "$path: $text" && return 1; }
    done
}

test_run_name_in_configs_comes_first() { # A folder of the same name at hand does not hide a system of the tree.
    system_tree
    system_make "$TOP/out side/new"
    cd "$TOP/out side" && same "$(run_folder new)" "$TOP/configs/new"
}

test_run_configuration_error_stands_alone() { # One line, status 2, and ninja was not asked to build.
    local text
    system_tree
    echo 'memroy = "32M"' >>"$TOP/configs/new/one.toml"
    cd "$TOP" && text=$(run_main new 2>&1 </dev/null)
    same $? 2 && ! grep -v -e ' -t ' "$TOP/ninja.log" &&
        same "$text" 'configs/new/one.toml:3: unknown key "memroy"; did you mean "memory"?'
}

test_run_unbuildable_file_is_said_before_the_build() { # A misspelt file of the build folder is a configuration error.
    local text
    system_tree
    sed -i 's|disks/disk.img|disks/disc.img|' "$TOP/configs/new/one.toml"
    text=$(run_main new 2>&1 </dev/null)
    same $? 2 && [[ $text == *'did you mean "build:disks/disk.img"?' && $text != *building* ]]
}

test_run_error_of_a_built_file_has_status_2() { # What only the finished build shows is a configuration error as well.
    system_tree
    sed -i 's|kernel.bin|build:disks/disk.img|' "$TOP/configs/new/one.toml"
    (run_main new </dev/null >/dev/null 2>"$TOP/errors")
    same $? 2 && grep -q 'one.toml:1: "kernel" names .*/disks/disk.img, which is an ELF file' "$TOP/errors"
}

test_run_unknown_system_is_refused() { # No such system, and a folder without system.toml: status 2, before set-up.
    local text
    system_tree
    setup_main() { echo 'set up'; }
    text=$(run_main nwe 2>&1)
    same $? 2 && [[ $text == *'systems here: new old' && $text != *'set up'* ]] || return
    mkdir "$TOP/configs/empty"
    text=$(run_main empty 2>&1)
    same $? 2 && [[ $text == *'no configs/empty/system.toml'*docs/configuration.md* ]] || return
    (run_main one two 2>/dev/null)
    same $? 2
}

test_trace_new_system_is_built_the_same_way() { # The trace gets the archive that run would start.
    local text
    system_tree
    mkdir "$TOP/tools/trace" && echo 'import sys; print("TRACE", *sys.argv[1:])' >"$TOP/tools/trace/trace.py"
    text=$(trace_main new --size 1M 2>&1 </dev/null)
    [[ $text == *"TRACE run --build $TOP/build $TOP/build/boot/new.cpio --size 1M" ]] || { echo "$text" && return 1; }
}

test_run_archive_may_be_anywhere() { # The path of an archive stands for a system; the JSON file beside it counts.
    run_tree <<<'echo "$@"'
    mkdir "$TOP/else" && mv "$TOP/build/configs/tiny.cpio" "$TOP/else/"
    echo '{"machine_memory": 1073741824}' >"$TOP/else/tiny.json"
    [[ $("$TOP/tools/run-qemu" "$TOP/build" "$TOP/else/tiny.cpio" 2>/dev/null </dev/null) == \
        *"-m 1024M"*"-initrd $TOP/else/tiny.cpio" ]]
}

mapfile -t names < <(declare -F | sed -n 's/^declare -f \(test_.*\)/\1/p' | grep -v '^test_main$')
printf '1..%d\n' ${#names[@]}
number=0 failed=0
for name in "${names[@]}"; do
    number=$((number + 1))
    property=$(sed -n "s/^$name() { # \(.*\)/\1/p" "${BASH_SOURCE[0]}")
    if output=$(enter "$name" && "$name" 2>&1); then word=ok; else word='not ok' failed=1; fi
    printf '%s %d - %s: %s\n' "$word" "$number" "$name" "$property"
    [ "$word" = ok ] || sed 's/^/# /' <<<"$output"
done
exit "$failed"
