# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren run [--monitor] [SYSTEM]: builds what the system needs and starts the system.

run_main() {
    local options=()
    if [ "${1:-}" = --monitor ]; then
        options=(--monitor)
        shift
    fi
    [ $# -le 1 ] || refuse "run takes one system, not $*"
    run_build "${1:-default}"
    exec "$TOP/tools/run-qemu" "${options[@]}" "$TOP/build" "$RUN_ARCHIVE"
}

# run_build SYSTEM: makes the boot archive of a system and sets RUN_ARCHIVE to its path.  Checks the
# configuration before the build, so that no other output hides its errors; an error exits with status 2.
run_build() {
    local folder name needs
    folder=$(run_folder "$1") || exit
    name=$(basename "$folder")
    folder=$(realpath --relative-base="$PWD" -- "$folder") # the short form for messages
    setup_main
    build_regenerate
    needs=$(build_target_names | run_boot_tool "$folder" --needs) || exit
    step "Building Warren and the system $name"
    # The names of targets contain no blanks.
    # shellcheck disable=SC2086
    build_targets kernel/warren.elf $needs
    RUN_ARCHIVE=$TOP/build/boot/$name.cpio
    mkdir -p "$TOP/build/boot"
    run_boot_tool "$folder" --output "$RUN_ARCHIVE" --info "${RUN_ARCHIVE%.cpio}.json" || exit
}

# run_folder SYSTEM: prints the folder of a system.  SYSTEM is a name in configs/, or the path of a folder
# or of the system.toml in a folder.
run_folder() {
    local folder
    for folder in "$TOP/configs/$1" "$1" "${1%/system.toml}"; do
        if [ -f "$folder/system.toml" ]; then
            (cd "$folder" && pwd)
            return
        fi
    done
    if [ -d "$TOP/configs/$1" ]; then
        refuse "there is no configs/$1/system.toml; docs/configuration.md says what to write into it"
    elif [ -d "$1" ]; then
        refuse "there is no $1/system.toml; docs/configuration.md says what to write into it"
    fi
    refuse "there is no configs/$1/system.toml, nor a folder $1 with one; systems here: $(run_systems)"
}

run_systems() {
    find "$TOP/configs" -name system.toml -printf '%h\n' | sed 's|.*/||' | sort | paste -s -d ' '
}

run_boot_tool() {
    local folder=$1
    shift
    python3 -B "$TOP/tools/config/boot.py" --build "$TOP/build" --system "$folder" "$@"
}
