# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Output for the user: messages, questions and the progress of long steps.

WARREN_STEP_LINE=

say() { printf '%s\n' "$*"; }

step() { printf '==> %s\n' "$*"; }

warn() { printf 'warren: %s\n' "$*" >&2; }

# die MESSAGE...: prints the error and exits with 1.
die() {
    warn "$*"
    exit 1
}

# refuse MESSAGE...: prints what is wrong with the user's arguments and exits with 2.
refuse() {
    warn "$*"
    exit 2
}

# progress DONE TOTAL NAME: on a terminal, rewrites one line; elsewhere prints a
# line for each tenth of the total, so that a log stays short.
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

# ask QUESTION: true if the user (or --yes) agrees.  Without a terminal and without
# --yes it exits with 2; the caller has already printed the plan.
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
