# SPDX-License-Identifier: BSD-2-Clause
"""What guests of test/guest/compare see under Warren is what they see bare, but for the rows of differences.toml."""

from harness.compare import compare


def test_compare_start(env):
    """Registers and devices at the first instruction."""
    compare(env, "start")


def test_compare_map(env):
    """Loads, stores, fetches and atomics all over the map of memory."""
    compare(env, "map")


def test_compare_plic(env):
    """The interrupt controller: registers, claim, completion, threshold, levels that come and go."""
    compare(env, "plic")


def test_compare_rtc(env):
    """The clock and its alarm."""
    compare(env, "rtc")


def test_compare_sbi_base(env):
    """The firmware's extensions, and calls that nobody defined."""
    compare(env, "sbi_base")


def test_compare_sbi_hsm(env):
    """States of a hart, and resets, that are refused."""
    compare(env, "sbi_hsm")


def test_compare_sbi_time_ipi(env):
    """Timer and software interrupts."""
    compare(env, "sbi_time_ipi")


def test_compare_sbi_rfence(env):
    """Remote fences: refusals, and that they have an effect."""
    compare(env, "sbi_rfence")


def test_compare_uart_regs(env):
    """The UART's registers."""
    compare(env, "uart_regs")


def test_compare_uart_loopback(env):
    """The UART in loopback, with FIFOs off and on."""
    compare(env, "uart_loopback")


def test_compare_mmio_access(env):
    """Every width and kind of load, store and atomic on a device."""
    compare(env, "mmio_access")


def test_compare_csr(env):
    """Which CSRs there are, and what each keeps."""
    compare(env, "csr")


def test_compare_trap(env):
    """Causes and addresses of traps from supervisor and user mode."""
    compare(env, "trap")


def test_compare_paging(env):
    """Translation: modes, permissions, accessed and dirty bits, tables in bad places."""
    compare(env, "paging")


def test_compare_sbi_dbcn(env):
    """What the firmware's console writes, to the byte."""
    compare(env, "sbi_dbcn")


def test_compare_uart_input(env):
    """What is typed, at the UART, with FIFOs off and on."""
    compare(env, "uart_input")


def test_compare_virtio_slots(env):
    """Every register of the eight places for virtio devices, with nothing plugged in."""
    compare(env, "virtio_slots")
