# SPDX-License-Identifier: BSD-2-Clause
"""Services and VMMs that are killed at random times are started again, and guests notice nothing but the time."""

import os
import re

from harness.machine import Failure
from harness.shell import Shell

KILLS = int(os.environ.get("WARREN_KILLS", "200"))
EVERY_MS = 100
KILLER = {"rootserver": "test/kill/rootserver-kill.elf"}
DEBIAN = {"kernel": "debian:Image", "initrd": "build:configs/shell.cpio", "bootargs": "console=ttyS0"}
WORK = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; done | md5sum; seq 1 300 | tail -n 200; " \
       "dd if=/dev/zero bs=64k count=20 2>/dev/null | sha256sum"


def kill_words(*names, every=EVERY_MS, kills=KILLS):
    return ["-append", " ".join(f"test.kill={name}:{seed + 1}:{every}:{kills}" for seed, name in enumerate(names))]


def worked(shell, rounds):
    """What the guest answers to lines that are typed."""
    answers = []
    for number in range(rounds):
        answers.append(shell.run(f"echo round {number}; {WORK}", 120))
    return answers


def check_killed(env, *names):
    """The guest's answers while its services and VMM are killed are those of an undisturbed run."""
    with env.system({"debian": DEBIAN}, KILLER) as archive:
        with env.warren(archive) as machine:
            shell = Shell(machine)
            shell.wait_prompt()
            calm = worked(shell, 1)[0]
        with env.warren(archive, words=kill_words(*names), budget_s=900) as machine:
            shell = Shell(machine)
            shell.wait_prompt(600)
            number = 0
            while not all(re.search(rf"test\.kill: {name} was killed {KILLS} times", machine.text.clean)
                          for name in names):
                answer = shell.run(f"echo round 0; {WORK}", 240)
                number += 1
                if answer != calm:
                    raise Failure(f"round {number} differs: {answer!r}, undisturbed {calm!r}")
            for line in re.findall(r"test\.kill: .*", machine.text.clean):
                print(f"# {line}")
            print(f"# {number} rounds")
            machine.line("poweroff -f")
            machine.expect_exit(0)


def test_restart_console_killed_often(env):
    """The console service is killed at random times: no byte that the guest prints or reads is lost or doubled."""
    check_killed(env, "console")


def test_restart_vmm_killed_often(env):
    """The VMM is killed at random times under a guest that boots, computes, types and reads: the guest goes on."""
    check_killed(env, "vmm.debian")


def test_restart_both_killed_often(env):
    """The console service and the VMM are killed at random times: the guest goes on."""
    check_killed(env, "console", "vmm.debian")
