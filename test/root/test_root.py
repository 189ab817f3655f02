# SPDX-License-Identifier: BSD-2-Clause
"""What programs in the root server's place see of the kernel as it is shipped."""

import re

from harness.machine import Failure

SHARES = re.compile(r"^shares: (.+): (\d+) % of its part at least$", re.M)
SHARE_MIN, MIXES = 90, 35
ROOT_STOPPED = 102  # how QEMU ends when the root server faults, which is how these programs end


def run(env, program, lines):
    """Each line of the console is to come, in order; then the program ends."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built(f"test/root/{program}.elf")}
    with env.system({"bench": guest}, programs) as archive, env.warren(archive, smp=1) as machine:
        for line in lines:
            machine.expect(rf"^{program}: {line}$", 60, unless="FAILED|panic|error")
        machine.expect_exit(ROOT_STOPPED)


def test_messages_keep_what_they_say_and_bring_nothing_else(env):
    """By call and reply, in one space and between two: words and tags arrive, both sides keep sp, gp, tp and
    s0 to s11, and find nothing of each other's or of the kernel's in the rest."""
    run(env, "messages", ["near: 2000 as they should be", "far: 2000 as they should be",
                          "a send is no reply", "end"])


def test_copies_survive_memory_that_vanishes(env):
    """rt_copy_in() and rt_copy_out() copy right at any alignment and length, and return an error whichever byte of
    the client's memory is the first or the last that is unmapped, also when it is unmapped during the copy; a
    fault outside the registered range, at its borders or on the process's own side stops the thread."""
    run(env, "access", [r"\d+ copies as they should be", "unmapped during a copy", "outside the range a death", "end"])


def test_shares_threads_that_sleep_get_no_more(env):
    """Beside 1, 2 and 8 threads that sleep before their slices end, interrupt, or wake each other, as threads of one
    process or of several, each of 1 and 4 threads that compute gets 90 % of its part."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built("test/root/shares.elf")}
    with env.system({"bench": guest}, programs) as archive, \
            env.warren(archive, smp=1, words=["-icount", "shift=0,sleep=off"], budget_s=400) as machine:
        machine.expect(r"^shares: end$", 400, unless="bench: failed|panic")
        machine.expect_exit(ROOT_STOPPED)
        parts = {mix: int(percent) for mix, percent in SHARES.findall(machine.text.clean)}
    if len(parts) != MIXES or min(parts.values()) < SHARE_MIN:
        raise Failure(f"{len(parts)} mixes: {parts}")
    print(f"# least: {min(parts.values())} % of its part")


def test_memory_made_anew_is_zero_whichever_byte_was_set(env):
    """A page that comes back from an Untyped is zero, though only one byte of it, any one, was not."""
    run(env, "zeroes", ["4097 pages were"])


def test_parts_made_and_undone_many_times_lose_nothing(env):
    """A guest with its VMM's process and connections is made and undone 60 times on the kernel, and the process
    made again 40 times over its guest: every call succeeds, and as much memory and as many slots are left."""
    run(env, "parts", ["60 guests were made and undone", "40 processes were made again", "end"])
