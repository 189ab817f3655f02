# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ./warren fuzz [NAME...] [--seconds N]: runs the harnesses of test/fuzzers for longer than the tests
# do: an hour in all, or N seconds each.  Uses clang's libFuzzer in build-fuzz/ if clang can link a
# program with libFuzzer on this machine; else the engine of the tests, in build/.
# ./warren fuzz --keep [NAME...] runs no harness.  From the inputs that earlier runs found, it adds
# those to the tree's corpus that reach code which the corpus does not reach.  It needs libFuzzer.

fuzz_main() {
    local names=() seconds='' engine=driver build=$TOP/build name failed=0 keeps=0
    while [ $# -gt 0 ]; do
        case $1 in
            --seconds)
                [ $# -ge 2 ] && [[ $2 =~ ^[1-9][0-9]*$ ]] || die '--seconds needs a number'
                seconds=$2
                shift
                ;;
            --keep) keeps=1 ;;
            --seconds=*) seconds=${1#--seconds=} ;;
            -*) die "fuzz does not know $1" ;;
            *) names+=("$1") ;;
        esac
        shift
    done
    setup_main
    if fuzz_has_libfuzzer; then
        engine=libfuzzer build=$TOP/build-fuzz
        fuzz_configure
    else
        build_regenerate
    fi
    [ ${#names[@]} -gt 0 ] || mapfile -t names < <(fuzz_names "$build")
    step "Building ${#names[@]} harnesses for $engine in ${build#"$TOP"/}/"
    ninja -C "$build" fuzzers </dev/null || die 'the build failed; the first error above says why'
    if [ "$keeps" = 1 ]; then
        [ "$engine" = libfuzzer ] || die 'fuzz --keep needs clang and its libFuzzer'
        for name in "${names[@]}"; do
            fuzz_keep "$build" "$name"
        done
        return
    fi
    [ -n "$seconds" ] || seconds=$((3600 / ${#names[@]}))
    for name in "${names[@]}"; do
        fuzz_one "$engine" "$build" "$name" "$seconds" || failed=1
    done
    fuzz_count "${names[@]}"
    [ "$failed" = 0 ] || die 'a finding is kept above; docs/testing.md says how it is replayed'
    say "no finding: ${names[*]}, $seconds s each"
}

# Clang is often installed without libFuzzer, so this links a program to find out.
fuzz_has_libfuzzer() {
    local source=$DEPS/libfuzzer.c status
    command -v clang >/dev/null || return 1
    printf '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *d, size_t n);\n%s\n' \
        'int LLVMFuzzerTestOneInput(const char *d, size_t n) { return d == NULL && n > 0; }' >"$source"
    clang -fsanitize=fuzzer,address,undefined -o "$source.run" "$source" >/dev/null 2>&1
    status=$?
    rm -f "$source" "$source.run"
    return $status
}

fuzz_configure() {
    build_meson_setup build-fuzz --native-file configs/native/clang.ini -Dfuzzer=libfuzzer && return
    tail -n 4 "$TOP/build-fuzz/logs/configure.log" >&2
    die 'could not configure build-fuzz/'
}

fuzz_names() {
    ninja -C "$1" -t targets all | sed -n 's|^test/fuzzers/fuzz-\([a-z]*\): .*|\1|p' | sort
}

# Prints how many inputs each harness has run, from its engine's last lines.
fuzz_count() {
    local name count sum=0
    for name in "$@"; do
        count=$(sed -n 's/^stat::number_of_executed_units: *//p
            s/^ok 2 - [a-z]*: \([0-9]*\) mutations.*/\1/p' "$TOP/build/fuzz/$name/log" | tail -n 1)
        sum=$((sum + ${count:-0}))
        say "$(printf '%-10s %12s executions' "$name" "${count:-no}")"
    done
    say "$(printf '%-10s %12s executions' 'in all' "$sum")"
}

# Keeps inputs that reach a new edge of the code, whatever the loop counts; libFuzzer tries short
# inputs first.
fuzz_keep() {
    local build=$1 name=$2 found=$TOP/build/fuzz/$2/inputs corpus=$TOP/test/fuzzers/corpus/$2
    local new=$TOP/build/fuzz/$2/new input count=0
    [ -d "$found" ] || return 0
    rm -rf "$new"
    mkdir -p "$new" "$corpus"
    cp "$corpus"/*.bin "$build/test/fuzzers/seeds/$name"/*.bin "$new" 2>/dev/null
    "$build/test/fuzzers/fuzz-$name" -merge=1 -use_counters=0 -use_value_profile=0 -verbosity=0 \
        "$new" "$found" >"$TOP/build/fuzz/$name/merge.log" 2>&1 ||
        die "$name: the merge failed; build/fuzz/$name/merge.log says why"
    for input in "$new"/*; do
        [[ $input == *.bin ]] && continue
        cp "$input" "$corpus/$(basename "$input" | cut -c 1-16).bin"
        count=$((count + 1))
    done
    rmdir "$corpus" 2>/dev/null
    say "$name: $count new inputs in ${corpus#"$TOP"/}/"
}

# Findings go to build/fuzz/NAME, next to the inputs that reached new code.
fuzz_one() {
    local engine=$1 build=$2 name=$3 seconds=$4 kept=$TOP/build/fuzz/$3 program
    program=$build/test/fuzzers/fuzz-$name
    [ -x "$program" ] || die "no harness $name; there are: $(fuzz_names "$build" | paste -s -d ' ')"
    local inputs=("$build/test/fuzzers/seeds/$name")
    [ ! -d "$TOP/test/fuzzers/corpus/$name" ] || inputs+=("$TOP/test/fuzzers/corpus/$name")
    mkdir -p "$kept/inputs"
    step "$name, $seconds s"
    fuzz_start "$@" "${inputs[@]}" 2>&1 | tee "$kept/log"
}

fuzz_start() {
    local engine=$1 name=$3 seconds=$4 kept=$TOP/build/fuzz/$3 program=$2/test/fuzzers/fuzz-$3
    shift 4
    if [ "$engine" = libfuzzer ]; then
        (cd "$kept" && "$program" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
            -max_len=16384 -artifact_prefix="$kept/" -verbosity=0 "$kept/inputs" "$@")
    else
        (cd "$kept" && "$program" --seconds "$seconds" --seed "$(date +%s)" --keep "$kept/inputs" \
            "$@" "$kept/inputs")
    fi
}
