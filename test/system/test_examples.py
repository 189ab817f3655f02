# SPDX-License-Identifier: BSD-2-Clause
"""The examples of guests (test/guest/examples): one for each way out of a guest."""

# The output of each example but the one that only powers off.  The last example has no counterpart on the
# bare machine, whose hart has the H extension.
CAUSES = {"shutdown": None, "illegal": 2, "unmapped": 5, "virtual": 2}
NOT_BARE = ("virtual",)


def runs(machine, name):
    if CAUSES[name] is not None:
        machine.expect(rf"cause {CAUSES[name]}\n", 30)
    machine.expect_exit(0, 30)


def test_examples_are_answered_by_the_architecture(env):
    """Each example takes the trap that its page names, prints it, and powers off, in a guest and bare."""
    for name in CAUSES:
        elf = f"test/guest/example-{name}.elf"
        with env.system({name: {"kernel": f"build:{elf}", "memory": "16M"}}) as archive, \
                env.warren(archive, smp=1) as machine:
            runs(machine, name)
        if name not in NOT_BARE:
            with env.bare(kernel=elf) as machine:
                runs(machine, name)
