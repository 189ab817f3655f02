# SPDX-License-Identifier: BSD-2-Clause
"""The measurements, and the machine and programs measured, as one JSON document."""

import dataclasses
import hashlib
import json
import pathlib
import re
import subprocess

BINARIES = ("kernel/warren.elf", "rootserver/rootserver.elf", "services/console.elf", "vmm/vmm.elf",
            "test/guest/bench.bin", "test/root/calls.elf", "test/root/hops.elf", "test/bench/init.cpio")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for part in iter(lambda: stream.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def commit(tree):
    """The commit, with a mark when the tree differs from it."""
    done = subprocess.run(["git", "-C", tree, "describe", "--always", "--dirty", "--abbrev=12"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def versions(qemu, tree, console):
    """Of what is not ours; OpenSBI says its own on the console."""
    said = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=False).stdout
    lists = [path for path in (tree / ".deps" / "guest" / "versions", tree / ".deps" / "kvm" / "versions")
             if path.exists()]
    opensbi = re.search(r"^OpenSBI (v\S+)", console, re.M)
    return {"qemu": said.splitlines()[0] if said else "unknown",
            "opensbi": opensbi.group(1) if opensbi else "unknown",
            "packages": sorted({line for path in lists for line in path.read_text(encoding="utf-8").splitlines()})}


def hashes(env, tree):
    """SHA-256 of all executed programs but QEMU."""
    found = {name: sha256(env.built(name)) for name in BINARIES}
    found["guest/Image"] = sha256(env.guest_kernel)
    firmware = [path for root in (tree / ".deps" / "qemu", pathlib.Path("/usr/lib/riscv64-linux-gnu/opensbi"))
                if root.exists() for path in sorted(root.rglob("generic/**/fw_dynamic.bin"))]
    if firmware:
        found["opensbi/fw_dynamic.bin"] = sha256(firmware[0])
    return found


def rows(measured):
    """Rows without their instructions' addresses."""
    return [{key: value for key, value in dataclasses.asdict(dataclasses.replace(row, sites={})).items()
             if key != "sites"} | {"total": row.total} for row in measured]


def text(document):
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
