# SPDX-License-Identifier: BSD-2-Clause
"""What a message keeps, brings and leaves in the registers, with the kernel as it is shipped."""

ROOT_STOPPED = 102  # how QEMU ends when the root server faults, which is how messages.c ends


def test_messages_keep_what_they_say_and_bring_nothing_else(env):
    """By call and reply, in one space and between two: words and tags arrive, both sides keep sp, gp, tp and
    s0 to s11, and find nothing of each other's or of the kernel's in the rest."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built("test/root/messages.elf")}
    with env.system({"bench": guest}, programs) as archive, env.warren(archive, smp=1) as machine:
        for name in ("near", "far"):
            machine.expect(rf"^messages: {name}: \d+ as they should be$", 60, unless="FAILED|panic|error")
        machine.expect(r"^messages: end$", 10)
        machine.expect_exit(ROOT_STOPPED)
