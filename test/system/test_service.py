# SPDX-License-Identifier: BSD-2-Clause
"""The services of test/services: a client sees each request answered once, however often either side is killed."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness.console import interrupted
from harness.env import Skip
from harness.machine import Failure

TREE = pathlib.Path(__file__).resolve().parents[2]

ECHO_KILLS = int(os.environ.get("WARREN_KILLS", "300"))
PROBE_KILLS = max(ECHO_KILLS // 10, 10)
EVERY_MS = 1  # of the machine; a restart takes as long
ICOUNT = ["-icount", "shift=0,sleep=off"]  # a nanosecond for each instruction, however fast the host is
KILLER = {"rootserver": "test/kill/rootserver-kill.elf"}
SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
ANSWERED = r"probe: (\d+) requests were answered, 0 wrong$"


def answered(machine, timeout=60):
    """How many requests the probe says were answered, the next time it says so."""
    return int(machine.expect(ANSWERED, timeout).group(1))


def idle(machine):
    """The guest sleeps, so that the services have the hart."""
    machine.expect(interrupted("small: boot"), 60)
    machine.send("i")


def check_none_wrong(machine):
    wrong = re.search(r"probe: wrong answer.*|, [1-9]\d* wrong", machine.text.clean)
    if wrong:
        raise Failure(wrong.group(0))


def test_service_answers_its_client(env):
    """A service and the service that needs it are planned and started by their manifests, and requests are answered."""
    with env.system({"small": SMALL}, services={"probe": {}}) as archive, env.warren(archive) as machine:
        idle(machine)
        first = answered(machine, 30)
        if answered(machine) < first + 1000:
            raise Failure("the probe makes no progress")
        check_none_wrong(machine)


def killed(env, kills, **probe):
    """Runs echo and probe while the root server kills one or both; `kills`: how often, by name."""
    orders = " ".join(f"test.kill={name}:{seed + 1}:{EVERY_MS}:{count}" for seed, (name, count) in enumerate(kills.items()))
    with env.system({"small": SMALL}, KILLER, services={"probe": probe}) as archive, \
            env.warren(archive, words=[*ICOUNT, "-append", orders], budget_s=6000) as machine:
        idle(machine)
        for name, count in kills.items():
            line = rf"test\.kill: {name} was killed {count} times.*$"
            if not re.search(line, machine.text.clean, re.M):
                machine.expect(line, 120 + count)
        for _ in range(2):
            last = answered(machine)
        check_none_wrong(machine)
        if last < 10 * sum(kills.values()):
            raise Failure(f"only {last} requests were answered: the services were killed before they could work")
        for line in re.findall(r"test\.kill: .*", machine.text.clean):
            print(f"# {line}")
        print(f"# {last} requests were answered")


def test_service_killed_often(env):
    """The service is killed at random times: each request is answered once and in order."""
    killed(env, {"echo": ECHO_KILLS})


def test_service_client_killed_often(env):
    """The client is killed at random times: it goes on with the request after the last one that it sent."""
    killed(env, {"probe": PROBE_KILLS})


def test_service_both_killed_often(env):
    """Both sides are killed at random times."""
    killed(env, {"echo": ECHO_KILLS, "probe": PROBE_KILLS})


def test_service_poison_is_answered_after_three_deaths(env):
    """A request that kills the service three times is answered with an error; all others are answered as ever."""
    with env.system({"small": SMALL}, services={"probe": {"poison": 20000}}) as archive, \
            env.warren(archive) as machine:
        idle(machine)
        while answered(machine) < 21000:
            pass
        check_none_wrong(machine)
        faults = len(re.findall(r"\becho faulted: ", machine.text.clean))
        if faults != 3:
            raise Failure(f"the service faulted {faults} times before its request was given up")


def onlooker(env, guests, **options):
    """A machine whose guests have the service onlooker as their serial port; a guest with a key is told to type it."""
    keys = {name: SMALL | {"console": False, "onlooker": {"key": key} if key else {}} for name, key in guests.items()}
    return env.system(keys, services={"onlooker": options})


ONLOOKER_BROKEN = r"onlooker faulted.*|onlooker .*: it is ended|onlooker started anew|cannot be .*|kernel panic"


def test_service_mapped_memory_goes_with_its_client(env):
    """A service reads its clients' memory. When one ends, the memory goes before the service has left: its next access is
    an error, the service lives, and the other client's memory stays."""
    with onlooker(env, {"stays": "", "ends": "p"}) as archive, env.warren(archive) as machine:
        for name in ("stays", "ends"):
            line = rf"onlooker: reads the memory of {name}$"
            if not re.search(line, machine.text.clean, re.M):
                machine.expect(line, 30, unless=ONLOOKER_BROKEN)
        machine.expect(r"onlooker: the memory of ends is gone, that of 1 is there$", 10, unless=ONLOOKER_BROKEN)
        machine.expect_silence_of(ONLOOKER_BROKEN, 1)
        if not re.search(r"\bguest ends powered itself off$", machine.text.clean, re.M):
            raise Failure("the guest's end is not said")


def test_service_without_progress_is_restarted(env):
    """A service that answers pings, and whose work in flight makes no progress for the manifest's time, is started anew;
    in its second life it reads its client's memory again."""
    with onlooker(env, {"stays": ""}, stuck=1) as archive, env.warren(archive) as machine:
        machine.expect(r"\bonlooker makes no progress: it is ended$", 30)
        machine.expect(r"\bonlooker started anew$", 30)
        machine.expect(r"onlooker: reads the memory of stays$", 30)
        machine.expect_silence_of(ONLOOKER_BROKEN, 2)
        if len(re.findall(r"onlooker: reads the memory of stays$", machine.text.clean, re.M)) != 2:
            raise Failure("the stuck life did not read, or a life read twice")


# Names that mean something else to the build: a header of the C library, and another program of Warren.
RENAMED = {"echo": "threads", "probe": "kernel"}


def renamed(text):
    """The text with the names of both services changed, in lower and upper case."""
    for old, new in RENAMED.items():
        text = text.replace(old, new).replace(old.upper(), new.upper())
    return text


def copy_tree(copy):
    """A copy of the tree, with the folders of two services a second time, under new names; nothing else is changed."""
    skipped = shutil.ignore_patterns(".git", ".deps", "build*", "__pycache__")
    shutil.copytree(TREE, copy, symlinks=True, ignore=lambda path, names: skipped(path, names) if path == str(TREE) else [])
    (copy / ".deps").symlink_to(TREE / ".deps")
    for old, new in RENAMED.items():
        folder = copy / "test/services" / new
        folder.mkdir()
        for path in (TREE / "test/services" / old).iterdir():
            (folder / renamed(path.name)).write_text(renamed(path.read_text()))


def build_copy(copy, *targets):
    for words in (["meson", "setup", "build", "--cross-file", "configs/cross/riscv64-gcc.ini"],
                  ["ninja", "-C", "build", *targets]):
        done = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode:
            raise Failure(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def test_service_copied_under_another_name_runs(env):
    """A copy of a service's folder builds, is planned and answers its client, with no other change of the tree."""
    if env.cpu != "max":
        raise Skip("the program is the same for each CPU model")
    with tempfile.TemporaryDirectory(prefix="warren-copy-") as name:
        copy, folder = pathlib.Path(name) / "tree", pathlib.Path(name) / "services"
        copy_tree(copy)
        build_copy(copy, *(f"services/{new}.elf" for new in RENAMED.values()))
        for new in RENAMED.values():
            shutil.copytree(copy / "test/services" / new, folder / new)
            shutil.copy(copy / f"build/services/{new}.elf", folder)
        with env.system({"small": SMALL}, service_folders=[folder], services={RENAMED["probe"]: {}}) as archive, \
                env.warren(archive) as machine:
            idle(machine)
            machine.expect(rf"{RENAMED['probe']}: (\d+) requests were answered, 0 wrong$", 60)
