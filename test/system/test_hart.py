# SPDX-License-Identifier: BSD-2-Clause
"""Whichever hart firmware starts, the kernel runs on a hart that the console's UART can interrupt."""

from harness.gdb import stub
from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}


def goes_round(env, archive, boot_hart, numa):
    """Boots on `hart`, types at the guest, which needs interrupts for that, and returns the kernel's hart."""
    with stub() as gdb, env.warren(archive, smp=4, numa=numa, words=gdb.words) as machine:
        gdb.boot_on(boot_hart)
        hart = int(machine.expect(r"^Warren \S+: hart (\d+) of 4,", 30).group(1))
        machine.expect(r"small: boot, dirty 0\n", 30)
        machine.send("?")
        machine.expect("small: here", 20)
        machine.send("p")
        machine.expect_exit(0, 30)
    return hart


def test_hart_two_nodes_each_boot_hart_gets_interrupts(env):
    """With a PLIC for each of two NUMA nodes, each hart can boot, and a guest's console takes input."""
    with env.system({"small": SMALL}) as archive:
        harts = [goes_round(env, archive, boot, numa=True) for boot in range(4)]
    if harts[:2] != [0, 1] or not set(harts) <= {0, 1}:
        raise Failure(f"boot harts 0 to 3 led to {harts}; the UART's PLIC has harts 0 and 1")


def test_hart_one_node_each_boot_hart_stays(env):
    """With one PLIC for all harts, the kernel stays on the hart that booted."""
    with env.system({"small": SMALL}) as archive:
        harts = [goes_round(env, archive, boot, numa=False) for boot in (0, 3)]
    if harts != [0, 3]:
        raise Failure(f"boot harts 0 and 3 led to {harts}")


def test_hart_without_htinst_guest_reaches_its_devices(env):
    """If htinst is always 0, the kernel fetches the instruction itself, and a guest's UART and PLIC work."""
    kernel = env.built("test/bench/warren-no-htinst.elf")
    with env.system({"small": SMALL}) as archive, env.warren(archive, smp=1, words=["-kernel", kernel]) as machine:
        machine.expect(r"small: boot, dirty 0\n", 30)
        machine.send("?")
        machine.expect("small: here", 20)
        machine.send("p")
        machine.expect_exit(0, 30)


def test_hart_unknown_interrupt_is_turned_off(env):
    """An interrupt that the kernel has no handler for is reported and turned off, so that it does not recur."""
    software, timer, external = 1 << 1, 1 << 5, 1 << 9
    with env.system({"small": SMALL}) as archive, stub() as gdb, \
            env.warren(archive, smp=1, words=gdb.words) as machine:
        values = {"sie": software | timer | external, "sip": software}
        if len(gdb.write_at(env.kernel_symbol("trap_from_below"), values)) != 2:
            raise Failure("QEMU does not allow the case to raise an interrupt")
        machine.expect(r"^Warren: interrupt 1 ", 30)
        machine.expect(r"small: boot, dirty 0\n", 30)
        machine.send("p")
        machine.expect_exit(0, 30)
