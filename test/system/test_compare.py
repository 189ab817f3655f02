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
