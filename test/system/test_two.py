# SPDX-License-Identifier: BSD-2-Clause
"""Two guests on one console: Ctrl-] then a digit, n or ?."""

from harness.machine import Failure
from harness.shell import Shell

TWO = "configs/two.cpio"
ESCAPE = "\x1d"


def front(machine, key, name):
    """Brings a guest to the front and waits for the console's line about it."""
    machine.send(ESCAPE + key)
    machine.expect(rf"^\[\d {name} is in front.*\]$", 30)


def at_prompts(machine):
    """Waits until both guests are at their prompts; then `left` is in front."""
    shell = Shell(machine)
    shell.wait_prompt()
    front(machine, "1", "right")
    machine.line()
    shell.wait_prompt()
    front(machine, "0", "left")
    machine.line()
    shell.wait_prompt()
    return shell


def test_two_digit_switches_between_guests(env):
    """Each guest has its own shell: a file that is written in one guest does not exist in the other."""
    with env.warren(TWO, budget_s=300) as machine:
        shell = at_prompts(machine)
        shell.run("echo I-am-left > /tmp/who")
        front(machine, "1", "right")
        machine.line()
        shell.wait_prompt()
        shell.run("test ! -e /tmp/who; echo I-am-right > /tmp/who")
        front(machine, "0", "left")
        machine.line()
        shell.wait_prompt()
        if shell.run("cat /tmp/who").strip() != "I-am-left":
            raise Failure("the digit 0 did not lead back to the first guest")


def test_two_next_and_help_keys(env):
    """n brings the next guest to the front, the first after the last; ? lists the keys and the guests."""
    with env.warren(TWO, budget_s=300) as machine:
        at_prompts(machine)
        front(machine, "n", "right")
        front(machine, "n", "left")
        machine.send(ESCAPE + "?")
        machine.expect(r"^\[\* 0 left: running\]$", 30)
        machine.expect(r"^\[  1 right: running\]$", 30)
        machine.send(ESCAPE + "7")
        machine.expect(r"no such guest", 30)


def test_two_guest_cannot_print_a_line_of_warrens(env):
    """The sign of Warren's lines comes out as ?, and a query does not come out at all, at once or replayed."""
    line = r"\302\247 [1 right is in fro" + r"nt]\033[6n\005!\n"
    with env.warren(TWO, budget_s=300) as machine:
        shell = at_prompts(machine)
        if shell.run(f"printf '{line}'").strip() != "? [1 right is in front]!":
            raise Failure("a guest in front printed a line of Warren's, or a query")
        shell.run(f"(sleep 5; printf '{line}') & true")
        front(machine, "1", "right")
        machine.line()
        shell.wait_prompt()
        shell.run("sleep 8")
        front(machine, "0", "left")
        machine.expect(r"^(?:.*# )?\? \[1 right is in front\]!$", 30)


def test_two_machine_ends_with_last_guest(env):
    """The machine goes on while one guest runs, and ends with 0 when the last one powered off."""
    with env.warren(TWO, budget_s=300) as machine:
        shell = at_prompts(machine)
        machine.line("poweroff -f")
        machine.expect(r"^\[1 right is in front.*\]$", 30)  # by itself
        machine.expect_running(1)
        machine.line()
        shell.wait_prompt()
        shell.check_computes()
        machine.line("poweroff -f")
        machine.expect_exit(0)
