# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Puts the tools of this tree on the PATH of the programs that ./warren starts.

env_enter() {
    local d=$DEPS
    if [ -r "$DEPS/env" ]; then
        . "$DEPS/env"
    elif [ -d "$DEPS/bin" ]; then
        case :$PATH: in
            *":$DEPS/bin:"*) ;;
            *) export PATH="$DEPS/bin:$PATH" ;;
        esac
    fi
}

# Prints the shell lines for `eval "$(./warren env)"`.
env_print() {
    if [ -r "$DEPS/env" ]; then
        printf 'd=%q; . %q; unset d\n' "$DEPS" "$DEPS/env"
    else
        printf 'export PATH=%q:"$PATH"\n' "$DEPS/bin"
    fi
}
