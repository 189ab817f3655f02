# SPDX-License-Identifier: BSD-2-Clause
"""The reference: the guest's kernel on QEMU without Warren.

Guests are compared with these results.  A pass also shows that the harness, the
kernel and the RAM disk work.
"""

from harness.shell import Shell


def test_bare_boots_to_shell_and_powers_off(env):
    """Bare on QEMU the guest kernel reaches a shell that computes, and poweroff ends QEMU with 0."""
    with env.bare() as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_computes()
        machine.line("poweroff")
        machine.expect_exit(0)


def test_bare_shell_has_job_control(env):
    """Ctrl-C reaches the command on the console, and not the shell."""
    with env.bare("console=ttyS0 quiet") as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_ctrl_c()
        machine.line("exit")
        machine.expect(r"Power down")
        machine.expect_exit(0)


def test_bare_on_terminal_reboots(env):
    """The guest kernel also boots when QEMU's console is a terminal, and boots again after reboot."""
    with env.bare("console=ttyS0 quiet", use_pty=True) as machine:
        Shell(machine).wait_prompt()
        machine.line("reboot -f")
        machine.expect(r"busybox shell")
        Shell(machine).wait_prompt()
        machine.line("poweroff -f")
        machine.expect_exit(0)
