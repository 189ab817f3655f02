# SPDX-License-Identifier: BSD-2-Clause
"""A hostile guest (test/guest/hostile.c) gets the answers that the architecture defines."""

import re

from harness.machine import Failure

IMAGE = "test/guest/hostile.bin"
# OpenSBI looks at a guest's illegal instructions first, and prints this in the middle of the guest's output.
FIRMWARE_COMPLAINT = "system_opcode_insn: Invalid opcode for CSR read/write instruction"
HOSTILE = {"kernel": f"build:{IMAGE}", "memory": "16M"}

# Cases that cannot be compared with the bare machine: firmware breaks its specification, or crashes, or the
# virtual machine lacks the feature.  Causes: 2 illegal instruction, 7 and 5 access faults,
# 4 and 6 misaligned; SBI errors: -3 invalid parameter, -4 denied, -5 invalid address, -6 already available.
ANSWERS = {
    "hypervisor CSR": r"cause 2 .*",
    "VS CSR": r"cause 2 .*",
    "hfence": r"cause 2 .*",
    "hypervisor load": r"cause 2 .*",
    "user hypervisor CSR": r"cause 2 .*",
    "user hypervisor load": r"cause 2 .*",
    "uart lb": r"no trap",
    "jump to uart": r"cause 1 .*",
    "plic lw": r"no trap",
    "sbi ipi base beyond": r"error -3",
    "sbi rfence base beyond": r"error -3",
    "sbi hsm start oneself": r"error -6",
    "sbi dbcn high half": r"error -(3|5)",
    "sbi dbcn outside RAM": r"error -(3|5)",
    "sbi dbcn wrapping": r"error -(3|5)",
}


def answers(machine, kind, last):
    """The guest's lines of one kind, as {case: answer}."""
    machine.expect(r"hostile: begin\n", 30)
    machine.expect(last, 60)
    # The firmware's error messages stand before some answers, without a line end, or in the middle of them.
    text = machine.text.clean.replace(FIRMWARE_COMPLAINT, "")
    lines = re.findall(rf"{kind}: (.+?): (.*)$", text, re.M)
    if len(lines) < 15:
        raise Failure(f"only {len(lines)} answers of {kind}")
    return dict(lines)


def test_hostile_answers_are_those_of_the_bare_machine(env):
    """Illegal instructions, jumps, accesses, page tables and calls are answered as on the bare machine."""
    # On the model max OpenSBI 1.6 does not return from writing no bytes to the console.
    with env.bare(kernel=IMAGE, memory_mib=128, cpu="rva23s64") as machine:
        bare = answers(machine, "hostile", r"hostile: end\n")
    with env.system({"hostile": HOSTILE}) as archive, env.warren(archive) as machine:
        guest = answers(machine, "hostile", r"hostile: end\n")
    wrong = [f"{case}: {guest.get(case)}, bare {bare[case]}" for case in bare if guest.get(case) != bare[case]]
    if wrong:
        raise Failure("; ".join(wrong))


def test_hostile_guest_is_answered_and_goes_on(env):
    """Features that a virtual hart lacks trap, bad calls get their errors, and the guest powers off at the end."""
    with env.system({"hostile": HOSTILE}) as archive, env.warren(archive) as machine:
        guest = answers(machine, "guest", r"guest: end\n")
        wrong = [f"{case}: {guest.get(case)}" for case, wanted in ANSWERS.items()
                 if not re.fullmatch(wanted, guest.get(case, ""))]
        if wrong:
            raise Failure("; ".join(wrong))
        machine.expect_exit(0)
