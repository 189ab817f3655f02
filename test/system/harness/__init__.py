# SPDX-License-Identifier: BSD-2-Clause
"""The harness of the system tests: it starts machines, reads their consoles, and prints TAP."""
