# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What a person sees: lines, questions and the progress of long steps.

WARREN_STEP_LINE=

say() { printf '%s\n' "$*"; }

step() { printf '==> %s\n' "$*"; }

warn() { printf 'warren: %s\n' "$*" >&2; }

# die MESSAGE...: the one way out of a set-up that cannot go on.
die() {
    warn "$*"
    exit 1
}

# refuse MESSAGE...: what was asked for cannot be done as it was said.
refuse() {
    warn "$*"
    exit 2
}

# progress DONE TOTAL NAME: one line that is rewritten on a terminal; elsewhere
# a line at each tenth of the way, so that a log stays short.
progress() {
    local done=$1 total=$2 name=$3 tenth
    if [ -t 1 ]; then
        printf '\r    %d/%d %-50.50s' "$done" "$total" "$name"
        [ "$done" -lt "$total" ] || printf '\n'
        return
    fi
    tenth=$((done * 10 / total))
    if [ "$tenth" != "$WARREN_STEP_LINE" ] || [ "$done" -eq "$total" ]; then
        printf '    %d/%d %s\n' "$done" "$total" "$name"
    fi
    WARREN_STEP_LINE=$tenth
}

# ask QUESTION: true when the person (or --yes) agrees.  Without a terminal and
# without --yes nobody can be asked: the caller has printed the plan, exit 2.
ask() {
    local answer
    [ "$WARREN_YES" = 1 ] && return 0
    if ! [ -t 0 ]; then
        say 'Nothing was installed: no terminal to ask on. Say --yes to agree.'
        exit 2
    fi
    read -r -p "$1 [Y/n] " answer || return 1
    case $answer in
        '' | y | Y | yes | Yes | YES) return 0 ;;
        *) return 1 ;;
    esac
}
