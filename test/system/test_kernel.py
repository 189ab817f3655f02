# SPDX-License-Identifier: BSD-2-Clause
"""The kernel starts on every machine that it is meant for."""

BANNER = r"^Warren\b.*$"


def boots(env, **machine):
    with env.warren(**machine) as warren:
        warren.expect(BANNER, 30)


def test_kernel_four_harts_starts(env):
    """On four harts, whichever boots, the kernel prints its boot message."""
    for _ in range(3):
        boots(env, smp=4)


def test_kernel_one_hart_starts(env):
    """On a single hart the kernel prints its boot message."""
    boots(env, smp=1)


def test_kernel_least_memory_starts(env):
    """With 256 MiB the kernel prints its boot message."""
    boots(env, memory_mib=256)


def test_kernel_much_memory_starts(env):
    """With 8 GiB the kernel prints its boot message."""
    boots(env, memory_mib=8192)


def test_kernel_two_numa_nodes_starts(env):
    """With its memory in two NUMA nodes the kernel prints its boot message."""
    boots(env, memory_mib=1024, numa=True)


def test_kernel_no_archive_ends_with_failure(env):
    """Without a boot archive the machine says so and ends with a failure; it does not hang."""
    with env.warren() as warren:
        warren.expect(BANNER, 30)
        warren.expect(r"(?i)archive|initrd", 30)
        warren.expect_exit(None, 30)
