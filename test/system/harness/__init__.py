# SPDX-License-Identifier: BSD-2-Clause
"""The machinery of the system tests."""
