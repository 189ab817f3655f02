# SPDX-License-Identifier: BSD-2-Clause
"""tools/run-qemu, which `./warren run` executes: at a terminal and between pipes."""

import os
import signal
import termios

from harness.env import TREE
from harness.machine import Failure
from harness.shell import Shell


def run(env, **more):
    return env.command([TREE / "tools" / "run-qemu", env.build, "default"],
                       variables={"WARREN_CPU": env.cpu}, **more)


SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}


def settings(machine):
    """The terminal's settings, as a program on the terminal reads them."""
    return termios.tcgetattr(machine.terminal)


def test_run_between_pipes_types_and_reads(env):
    """A script can type at the guest and read its output; QEMU's exit status becomes the command's."""
    with run(env) as machine:
        machine.expect("Ctrl-A, then X")
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_computes()
        machine.line("poweroff -f")
        machine.expect_exit(0)


def test_run_archive_elsewhere_starts(env):
    """The command takes the path of a boot archive in place of a system's name, for `./warren run PATH`."""
    with env.system({"small": SMALL}) as archive, \
            env.command([TREE / "tools" / "run-qemu", env.build, archive], variables={"WARREN_CPU": env.cpu}) as machine:
        machine.expect(rf"Warren: the system {archive.stem}\.")
        machine.expect(r"small: boot", 60)
        machine.send("p")
        machine.expect_exit(0)


def test_run_at_terminal_ctrl_c_is_the_guests(env):
    """At a terminal Ctrl-C goes to the guest, and the terminal is restored when the guest has powered off."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_ctrl_c()
        machine.line("poweroff -f")
        machine.expect_exit(0)
        if settings(machine) != before:
            raise Failure("the terminal was not restored")


def test_run_at_terminal_left_by_ctrl_a_x(env):
    """Ctrl-A X ends QEMU at once, and the terminal is restored."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        Shell(machine).wait_prompt()
        machine.send("\x01x")
        machine.wait_exit(20)
        if settings(machine) != before:
            raise Failure("the terminal was not restored")


def test_run_at_terminal_has_no_monitor(env):
    """Without --monitor, Ctrl-A C has no effect: later input still goes to the guest."""
    with run(env, use_pty=True) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        machine.send("\x01c")
        if shell.run("echo info $((6*7))").strip() != "info 42":
            raise Failure("the guest did not get the typed text")
        machine.send("\x01x")
        machine.wait_exit(20)


def test_run_at_terminal_killed_restores_it(env):
    """When the command is terminated, QEMU ends too, and the terminal is restored."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        Shell(machine).wait_prompt()
        os.kill(machine.pid, signal.SIGTERM)
        machine.expect_exit(None, 20)
        if machine.is_group_alive():
            raise Failure("QEMU outlived the command")
        if settings(machine) != before:
            raise Failure("the terminal was not restored")
