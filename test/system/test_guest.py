# SPDX-License-Identifier: BSD-2-Clause
"""A stock Debian kernel in a guest, used from its console."""

import base64
import re
import shutil
import subprocess

from harness.env import Skip
from harness.machine import Failure
from harness.shell import OOPS, Shell

DEFAULT = "configs/default.cpio"
WARNING = 4  # kernel log levels up to this one are warnings or worse


def test_guest_reaches_shell_and_powers_off(env):
    """The guest boots to a shell that computes, and poweroff in the last guest ends QEMU with 0."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_computes()
        machine.line("poweroff")
        machine.expect_exit(0)


def test_guest_memory_is_what_was_configured(env):
    """The guest sees its 256 MiB, less the memory that its kernel reserves."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        kib = int(shell.run("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
        if not 180 << 10 < kib < 256 << 10:
            raise Failure(f"the guest has {kib} KiB")


def test_guest_ctrl_c_stops_command(env):
    """Ctrl-C stops the command on the guest's console, and neither the shell nor QEMU."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_ctrl_c()


def test_guest_long_input_and_output_lose_nothing(env):
    """A pasted text of many lines and an output of 30 kilobytes cross the console whole."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        machine.line("cat > /tmp/pasted <<'E''OF'")
        for number in range(100):
            machine.line(f"{number:04d} the quick brown fox jumps over the lazy dog")
        machine.line("EOF")
        if shell.run("wc -c < /tmp/pasted").strip() != str(100 * 49):
            raise Failure("the pasted text arrived damaged")
        out = shell.run("seq 1 6000", 120)
        if out != "".join(f"{number}\n" for number in range(1, 6001)):
            raise Failure("the output arrived damaged")


def test_guest_reboots_from_inside(env):
    """reboot starts the guest from its initial state, several times; nothing else ends or changes."""
    with env.warren(DEFAULT, budget_s=300) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        for _ in range(3):
            shell.run("echo left > /tmp/left-over")
            machine.line("reboot -f")
            machine.expect(r"busybox shell", 120, unless=OOPS)
            shell.wait_prompt()
            shell.run("test ! -e /tmp/left-over")
            uptime_s = float(shell.run("cut -d' ' -f1 /proc/uptime"))
            if uptime_s > 60:
                raise Failure(f"the clock of the guest did not start again: up {uptime_s} s")
        machine.line("poweroff -f")
        machine.expect_exit(0)


def test_guest_exit_of_shell_powers_off(env):
    """Leaving the shell powers the guest off, and QEMU ends with 0."""
    with env.warren(DEFAULT) as machine:
        Shell(machine).wait_prompt()
        machine.line("exit")
        machine.expect_exit(0)


def test_guest_panic_restarts_guest(env):
    """A guest whose kernel panics, and is set to reboot on a panic, boots again."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.run("echo 1 > /proc/sys/kernel/panic")
        machine.line("echo c > /proc/sysrq-trigger")
        machine.expect(r"Kernel panic")
        machine.expect(r"busybox shell", 120)
        shell.wait_prompt()


def warnings(machine):
    """The kernel's warnings, without what differs from boot to boot."""
    shell = Shell(machine)
    shell.wait_prompt()
    found = set()
    for line in shell.run("dmesg -r").splitlines():
        match = re.match(r"<(\d+)>(?:\[[^]]*\] ?)?(.*)", line)
        if match and int(match.group(1)) & 7 <= WARNING:
            found.add(re.sub(r"\b(0x)?[0-9a-f]*\d[0-9a-f]*\b", "N", match.group(2)))
    return found


def test_guest_kernel_warns_of_nothing_new(env):
    """The guest's kernel log has no warning that the same kernel bare on QEMU does not give."""
    with env.bare() as machine:
        bare = warnings(machine)
    with env.warren(DEFAULT) as machine:
        new = warnings(machine) - bare
    if new:
        raise Failure("only in the guest: " + "; ".join(sorted(new)))


def test_guest_device_tree_satisfies_dtc(env):
    """dtc, with all its checks, has no warning about the device tree that the guest was given."""
    dtc = shutil.which("dtc")
    if not dtc:
        raise Skip("dtc is not installed")
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        blob = base64.b64decode(shell.run("base64 /sys/firmware/fdt"))
    path = env.logs / f"{env.case}.dtb"
    path.write_bytes(blob)
    done = subprocess.run([dtc, "-I", "dtb", "-O", "dts", "-o", path.with_suffix(".dts"), path],
                          capture_output=True, text=True, check=False, timeout=30)
    if done.returncode or done.stderr:
        raise Failure(f"dtc says: {done.stderr.strip()}")


def test_guest_of_default_system_takes_sv39(env):
    """The default system's guest uses Sv39 (three levels), whatever the machine's largest mode is."""
    with env.warren(DEFAULT) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        found = shell.run("grep mmu /proc/cpuinfo").split()[-1]
        if found != "sv39":
            raise Failure(f"its kernel took {found}")


def test_guest_mmu_is_in_its_device_tree(env):
    """mmu-type is the mode of the guest's file; if the machine lacks it, the machine's best, and a line says so."""
    lacks_sv57 = env.cpu == "rva23s64"
    guest = {"kernel": "debian:Image", "initrd": "build:configs/shell.cpio", "bootargs": "console=ttyS0 no4lvl",
             "mmu": "sv57"}
    with env.system({"debian": guest}) as archive, env.warren(archive) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        told = "guest debian: its mmu is sv39, not sv57" in machine.text.clean
        if told != lacks_sv57:
            raise Failure(f"the console {'says' if told else 'does not say'} that the machine lacks the mode")
        found = shell.run("tr -d '\\0' < /proc/device-tree/cpus/cpu@0/mmu-type").strip()
        if found != ("riscv,sv39" if lacks_sv57 else "riscv,sv57"):
            raise Failure(f"mmu-type is {found}")
        found = shell.run("grep mmu /proc/cpuinfo").split()[-1]
        if found != "sv39":
            raise Failure(f"with no4lvl the kernel took {found}")
