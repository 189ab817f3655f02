# SPDX-License-Identifier: BSD-2-Clause
"""Guests of test/guest/compare see the same under Warren as bare, but for the rows of differences.toml."""

from harness.compare import compare


def test_compare_start(env):
    """Registers and devices have the same values at the first instruction."""
    compare(env, "start")


def test_compare_map(env):
    """Loads, stores, fetches and atomics have the same outcome all over the memory map."""
    compare(env, "map")


def test_compare_plic(env):
    """The PLIC behaves the same: registers, claim, completion, threshold, lines that rise and fall."""
    compare(env, "plic")


def test_compare_rtc(env):
    """The clock and its alarm behave the same."""
    compare(env, "rtc")


def test_compare_sbi_base(env):
    """The firmware has the same extensions, and answers undefined calls the same way."""
    compare(env, "sbi_base")


def test_compare_sbi_hsm(env):
    """Hart state calls answer the same, and the same resets are refused."""
    compare(env, "sbi_hsm")


def test_compare_sbi_time_ipi(env):
    """Timer and software interrupts behave the same."""
    compare(env, "sbi_time_ipi")


def test_compare_sbi_rfence(env):
    """Remote fences are refused in the same cases, and have an effect in the others."""
    compare(env, "sbi_rfence")


def test_compare_uart_regs(env):
    """The UART's registers behave the same."""
    compare(env, "uart_regs")


def test_compare_uart_loopback(env):
    """The UART behaves the same in loopback, with FIFOs off and on."""
    compare(env, "uart_loopback")


def test_compare_mmio_access(env):
    """Each width and kind of load, store and atomic on a device has the same outcome."""
    compare(env, "mmio_access")


def test_compare_csr(env):
    """The same CSRs exist, and each keeps the same bits of a written value."""
    compare(env, "csr")


def test_compare_trap(env):
    """Traps from supervisor and user mode have the same causes and addresses."""
    compare(env, "trap")


def test_compare_paging(env):
    """Address translation is the same: modes, permissions, A and D bits, tables at bad addresses."""
    compare(env, "paging")


def test_compare_sbi_dbcn(env):
    """The firmware's console writes the same bytes."""
    compare(env, "sbi_dbcn")


def test_compare_uart_input(env):
    """Typed characters arrive the same at the UART, with FIFOs off and on."""
    compare(env, "uart_input")


def test_compare_virtio_slots(env):
    """Each register of the eight empty virtio slots reads and writes the same."""
    compare(env, "virtio_slots")
