# SPDX-License-Identifier: BSD-2-Clause
"""Checks that a guest's files fit in the guest's memory, and all guests in the machine's memory."""

from problem import size_text
from schema import GUEST_MEMORY_STEP
from values import MIB

LOW_MEMORY = 1 << 30     # everything is loaded below 3 GiB; RAM begins at 2 GiB
DTB_ALLOWANCE = 2 * MIB   # room kept in each guest for its device tree
WARREN_ALLOWANCE = 64 * MIB  # part of the machine's memory for Warren and the firmware
MACHINE_STEP = 64 * MIB  # a proposal for the machine's memory is rounded up to this


def _up(size_bytes, step):
    return -(-size_bytes // step) * step


def in_guest(guest, kernel_end, initrd_bytes):
    """None, or (key, mistake, correction).  kernel_end counts from the start of the RAM."""
    need = _up(_up(kernel_end, MIB) + initrd_bytes + DTB_ALLOWANCE, GUEST_MEMORY_STEP)
    loaded = f"kernel ({size_text(kernel_end)} once loaded)"
    if need > LOW_MEMORY:
        return "kernel", (f'the {loaded} and initrd ({size_text(initrd_bytes)}) of guest "{guest.name}" do not fit in '
                          f"its first {size_text(LOW_MEMORY)}"), "make one of them smaller"
    if need > guest.memory:
        return "memory", (f'guest "{guest.name}" has {size_text(guest.memory)} of memory, but its {loaded}, initrd '
                          f"({size_text(initrd_bytes)}) and device tree need {size_text(need)}"
                          ), f'write memory = "{size_text(need)}" or more'
    return None


def in_machine(system, is_default):
    """The same for the machine; the key is a path.  is_default: the system does not set its memory."""
    guests_bytes = sum(guest.memory for guest in system.guests)
    files = {content for guest in system.guests for content in guest.contents.values()}
    files_bytes = sum(content.size_bytes for content in files)
    need = guests_bytes + files_bytes + WARREN_ALLOWANCE
    if need <= system.machine_memory:
        return None
    need = size_text(_up(need, MACHINE_STEP))
    what = (f"the machine has {size_text(system.machine_memory)}{' when nothing else is said' if is_default else ''}, "
            f"but its guests ({size_text(guests_bytes)}), their files ({size_text(files_bytes)}) and Warren "
            f"({size_text(WARREN_ALLOWANCE)}) need {need}")
    if is_default:
        return ("guests",), what, f'write memory = "{need}" under [machine], or give the guests less'
    return ("machine", "memory"), what, f'write memory = "{need}" here, or give the guests less'
