# SPDX-License-Identifier: BSD-2-Clause
"""A busybox shell on a machine's console."""

from .machine import Failure

PROMPT = r"(?:^|\^C)# "
BOOT_S = 120
# Prints READY after the shell's exec: a Ctrl-C between the shell's fork and exec would get lost.
SLEEP_LONG = "sh -c 'echo R\"\"EADY; exec sleep 1000'"
OOPS = r"Kernel panic|Oops \[|BUG: "


class Shell:
    def __init__(self, machine):
        self.machine = machine

    def wait_prompt(self, timeout_s=BOOT_S):
        self.machine.expect(PROMPT, timeout_s, unless=OOPS)

    def run(self, command, timeout_s=60):
        """Returns the output of the command.  Fails when the command's status is not 0.

        The marks are typed in pieces, so that the echo of the line does not look like a mark.
        """
        self.machine.line(f"echo S''TART; {command}; echo E''ND $?")
        self.machine.expect(r"^START\n", timeout_s)
        begin = self.machine.at
        end = self.machine.expect(r"END (\d+)\n", timeout_s)
        if end.group(1) != "0":
            raise Failure(f"{command!r} ended with {end.group(1)}")
        self.wait_prompt(timeout_s)
        return self.machine.text.clean[begin:end.start()]

    def check_computes(self):
        if self.run("echo $((6*7))").strip() != "42":
            raise Failure("the shell computes 6*7, and the result is not 42")

    def check_ctrl_c(self):
        """Ctrl-C stops a command that runs, and the shell goes on."""
        self.machine.line(SLEEP_LONG)
        self.machine.expect(r"^READY\n")
        self.machine.send("\x03")
        self.wait_prompt()
        if self.run("echo alive").strip() != "alive":
            raise Failure("the shell did not survive Ctrl-C")
