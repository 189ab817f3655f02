# SPDX-License-Identifier: BSD-2-Clause
"""A guest's riscv,isa against the bare machine's (docs/devices/isa.md); each named extension works."""

import re
import subprocess

from harness import fdt
from harness.env import TREE, find_qemu
from harness.machine import Failure
from harness.shell import Shell

PAGE = TREE / "docs" / "devices" / "isa.md"
MODELS = ("rv64", "rva23s64", "max")
WAITS = ("zihintpause", "zawrs")  # the extensions of each model that Linux uses to wait for a lock


def names(text):
    """The extensions of a riscv,isa string."""
    letters, *others = text.removeprefix("rv64").split("_")
    return {*letters, *others}


def property_of(path):
    return fdt.with_names(fdt.read(path.read_bytes())[0])["/cpus/cpu@0"]["riscv,isa"]


def strings(env, model):
    """Returns riscv,isa of a bare machine, and of a guest on that machine."""
    env.logs.mkdir(parents=True, exist_ok=True)
    bare, guest = env.logs / f"{env.case}-bare.dtb", env.logs / f"{env.case}-guest.dtb"
    subprocess.run([find_qemu(), "-M", f"virt,dumpdtb={bare}", "-cpu", model, "-nodefaults", "-display", "none"],
                   check=True, capture_output=True, timeout=30)
    isa = text_of(property_of(bare))
    subprocess.run([env.built("test/unit/vmm/vmm_fdt_dump"), "1", isa, "8", "1", guest], check=True, timeout=30)
    return isa, text_of(property_of(guest))


def text_of(value):
    return value.rstrip(b"\0").decode() if isinstance(value, bytes) else str(value)


def kept_back():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_isa_each_extension_is_passed_on_or_has_its_reason(env):
    """On three models, each extension of the machine is either the guest's or a row of the page's table."""
    table, seen, wrong = kept_back(), set(), []
    for model in MODELS:
        bare, guest = (names(text) for text in strings(env, model))
        seen |= bare
        wrong += [f"{model}: {name} is kept back without a reason" for name in sorted(bare - guest - table)]
        wrong += [f"{model}: {name} is passed on and in the table" for name in sorted(guest & table)]
        wrong += [f"{model}: the machine has no {name}" for name in sorted(guest - bare)]
    wrong += [f"no model has {name}" for name in sorted(table - seen)]
    if wrong:
        raise Failure("; ".join(wrong))


def test_isa_what_is_named_runs(env):
    """For each extension in the guest's riscv,isa, an instruction of the extension runs in the guest."""
    named = names(strings(env, env.cpu)[1])
    guest = {"named": {"kernel": "build:test/guest/named.bin", "memory": "16M"}}
    with env.system(guest) as archive, env.warren(archive, smp=1) as machine:
        machine.expect(r"named: begin\n", 30)
        machine.expect(r"named: end\n", 30)
        machine.expect_exit(0, 30)
        lines = re.findall(r"named: (\w+) (runs|traps)$", machine.text.clean, re.M)
    tried = {name for name, _ in lines}
    trapping = sorted({name for name, what in lines if what == "traps"} & named)
    if trapping or len(tried) < 30:
        raise Failure(f"of {len(tried)} tried trap: {', '.join(trapping)}")


def test_isa_linux_finds_what_it_waits_with(env):
    """Debian's kernel in a guest reports the extensions that it uses to wait for a lock."""
    with env.warren("configs/default.cpio") as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        isa = shell.run("grep ^isa /proc/cpuinfo")
        machine.line("poweroff -f")
        machine.expect_exit(0)
    missing = [name for name in WAITS if name not in isa]
    if missing:
        raise Failure(f"{', '.join(missing)} not in {isa}")
