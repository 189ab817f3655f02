# SPDX-License-Identifier: BSD-2-Clause
"""The guest's device tree through dtc: no warning, and the nodes that a guest needs exist.

Usage: fdt_dtc.py FDT_DUMP DTC
"""
import pathlib
import subprocess
import sys
import tempfile

DUMP, DTC = sys.argv[1:3]
ALL_EXTENSIONS = "rv64imafdch_zba_zbb_zbc_zbs_sstc"
SV39, SV48, SV57 = 8, 9, 10

WANTED = (
    'compatible = "riscv-virtio"', 'stdout-path = "/soc/serial@10000000"', "rng-seed = ",
    'bootargs = "console=ttyS0"', "memory@80000000 {", "timebase-frequency = <0x989680>",
    'riscv,isa-base = "rv64i"', 'compatible = "riscv,cpu-intc"',
    "plic@c000000 {", 'compatible = "sifive,plic-1.0.0", "riscv,plic0"', "riscv,ndev = <0x5f>",
    "serial@10000000 {", 'compatible = "ns16550a"', "interrupts = <0x0a>", "clock-frequency = ",
    "rtc@101000 {", 'compatible = "google,goldfish-rtc"', "interrupts = <0x0b>",
    "test@100000 {", 'compatible = "sifive,test1", "sifive,test0", "syscon"',
    'compatible = "syscon-poweroff"', "value = <0x5555>", 'compatible = "syscon-reboot"',
    "value = <0x7777>", 'serial0 = "/soc/serial@10000000"',
)

CASES = (
    ("one hart", 1, "rv64imafdch", SV39, 1,
     ('mmu-type = "riscv,sv39"', 'riscv,isa = "rv64imafdc_zicntr_zicsr_zifencei"',
                           "interrupts-extended = <0x10 0xffffffff 0x10 0x09>",
                           "linux,initrd-start = <0x00 0x80a00000>",
                           "linux,initrd-end = <0x00 0x80a01388>"), ("cpu@1",)),
    ("no initrd", 1, "rv64imafdch", SV48, 0, ('mmu-type = "riscv,sv48"',), ("linux,initrd",)),
    ("every extension", 1, ALL_EXTENSIONS, SV57, 1,
     ("_zba_zbb_zbc_zbs_sstc", '"zba", "zbb", "zbc", "zbs", "sstc"', 'mmu-type = "riscv,sv57"'), ()),
    ("eight harts", 8, ALL_EXTENSIONS, SV57, 1,
     ("cpu@7 {", "core7 {", "0x17 0xffffffff 0x17 0x09>"), ("cpu@8",)),
)


# What a machine without a device does not have; all else stays.
WITHOUT = (
    ("goldfish-rtc", ("rtc@101000 {", 'compatible = "google,goldfish-rtc"', "interrupts = <0x0b>")),
    ("uart16550", ("serial@10000000 {", 'compatible = "ns16550a"', "interrupts = <0x0a>", "clock-frequency = ",
                   'stdout-path = "/soc/serial@10000000"', 'serial0 = "/soc/serial@10000000"')),
    ("syscon", ("test@100000 {", 'compatible = "sifive,test1", "sifive,test0", "syscon"',
                'compatible = "syscon-poweroff"', "value = <0x5555>", 'compatible = "syscon-reboot"',
                "value = <0x7777>")),
    ("virtio-slots", ()),
)


def problems(harts, extensions, satp_mode, initrd, there, absent, *device):
    with tempfile.TemporaryDirectory() as folder:
        blob = pathlib.Path(folder) / "guest.dtb"
        subprocess.run([DUMP, str(harts), str(extensions), str(satp_mode), str(initrd), str(blob), *device], check=True)
        done = subprocess.run([DTC, "-I", "dtb", "-O", "dts", str(blob)], text=True,
                              capture_output=True, check=False)
    # Old versions of dtc print the zero bytes between the strings of a list.
    source = done.stdout.replace("\\0", '", "')
    found = [f"dtc exits {done.returncode}"] if done.returncode else []
    found += [f"dtc says: {line}" for line in done.stderr.splitlines()]
    found += [f"missing: {text}" for text in WANTED + there if text not in source and text not in absent]
    found += [f"not expected: {text}" for text in absent if text in source]
    return found


ALL = CASES + tuple((f"without {name}", 1, ALL_EXTENSIONS, SV39, 1, (), absent, f"-{name}")
                    for name, absent in WITHOUT)

print(f"1..{len(ALL)}")
failed = 0
for number, (name, *case) in enumerate(ALL, 1):
    found = problems(*case)
    failed += bool(found)
    print(f"{'not ok' if found else 'ok'} {number} - device tree: {name}")
    for line in found:
        print(f"# {line}")
sys.exit(bool(failed))
