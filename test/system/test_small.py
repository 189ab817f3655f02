# SPDX-License-Identifier: BSD-2-Clause
"""A guest of a few kilobytes (test/guest/small.c) goes through every way to reboot and to power off."""

from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
REBOOTS = 100


def boots_clean(machine):
    match = machine.expect(r"small: boot(.*), dirty (\d+)\n", 30)
    if match.group(1) or match.group(2) != "0":
        raise Failure(f"it booted{match.group(1)} with {match.group(2)} words of RAM left over")


def test_small_hundred_reboots_find_zeroed_ram(env):
    """The guest reboots 100 times in a row; each time all its RAM is zero and its device tree is present."""
    with env.system({"small": SMALL}) as archive, env.warren(archive) as machine:
        boots_clean(machine)
        for _ in range(REBOOTS):
            machine.send("r")
            boots_clean(machine)
        machine.send("p")
        machine.expect_exit(0)


def test_small_reboot_writes_only_what_is_not_zero(env):
    """RAM that a guest has not used takes no memory of the host, neither at the first start nor after a reboot."""
    with env.system({"small": SMALL | {"memory": "512M"}}) as archive, \
            env.warren(archive, smp=1, memory_mib=768) as machine:
        boots_clean(machine)
        first = machine.peak_mib()
        machine.send("r")
        boots_clean(machine)
        if machine.peak_mib() > first + 64:
            raise Failure(f"QEMU took {first} MiB until the guest ran, and {machine.peak_mib()} after its reboot")


def test_small_reboot_has_nothing_to_lose_memory_with(env):
    """The VMM, which reboots the guest alone, has no allocator and holds no Untyped (golden vmm-slots)."""
    symbols = env.symbols("vmm/vmm.elf")
    if "main" not in symbols:
        raise Failure("the VMM's symbols cannot be read")
    if found := symbols.keys() & {"malloc", "calloc", "realloc", "brk", "mmap", "__expand_heap"}:
        raise Failure(f"the VMM can allocate: {', '.join(sorted(found))}")


def test_small_every_way_to_reboot_works(env):
    """Cold and warm SRST and the syscon device each restart the guest from its initial state."""
    with env.system({"small": SMALL}) as archive, env.warren(archive) as machine:
        boots_clean(machine)
        for way in "rwsswr":
            machine.send(way)
            boots_clean(machine)
        machine.send("?")
        machine.expect("small: here")


def test_small_every_way_to_power_off_ends_with_success(env):
    """SRST shutdown and the syscon device each power the guest off, and QEMU ends with 0."""
    with env.system({"small": SMALL}) as archive:
        for way in "po":
            with env.warren(archive) as machine:
                boots_clean(machine)
                machine.send(way)
                machine.expect_exit(0)


def test_small_system_failure_ends_with_failure(env):
    """A guest that shuts down for a system failure is dead, and QEMU does not end with 0."""
    with env.system({"small": SMALL}) as archive, env.warren(archive) as machine:
        boots_clean(machine)
        machine.send("f")
        machine.expect_exit(None)


def test_small_last_hart_stopped_ends_the_guest(env):
    """A guest that stops its only hart ends: the console gives the reason, and QEMU does not end with 0."""
    with env.system({"small": SMALL}) as archive, env.warren(archive) as machine:
        boots_clean(machine)
        machine.send("h")
        machine.expect(r"vmm\.small gave up: the guest has stopped all of its harts \(0\)\n", 30)
        machine.expect(r"guest small is dead\n", 30)
        machine.expect_exit(None)


def test_small_bare_agrees(env):
    """The same guest bare on QEMU boots, reboots and powers off: the guest itself works."""
    with env.bare(kernel="test/guest/small.bin") as machine:
        machine.expect(r"small: boot")
        machine.send("r")
        machine.expect(r"small: boot")
        machine.send("p")
        machine.expect_exit(0)


def test_small_without_clock(env):
    """A guest that leaves out the real-time clock has no node for it, and its address raises access faults."""
    # Privileged specification, "Supervisor Cause Register (scause)": 5 load access fault, 7 store access fault.
    found = {}
    for devices in ({}, {"goldfish-rtc": False}):
        with env.system({"small": SMALL | {"devices": devices}}) as archive, env.warren(archive) as machine:
            machine.expect(r"^small: boot", 30)
            machine.send("c")
            found[bool(devices)] = machine.expect(r"^small: (.*load.*)\n", 30).group(1)
            machine.send("p")
            machine.expect_exit(0, 30)
    if found != {False: "clock in the tree, load works, store works",
                 True: "no clock, load traps, cause 5 at 0x101000, store traps, cause 7 at 0x101014"}:
        raise Failure(f"with the clock, and without: {found}")
