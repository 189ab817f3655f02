#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares rvdec with binutils over the encodings, and reports in TAP.

Every 16-bit encoding is tried, and of the 32-bit ones every value of the fields
that tell instructions apart, with the registers and immediates they go with
walked through or drawn from a fixed seed. Extensions that the assembler of this
binutils does not know yet (Zcb, Zacas, Zabha in 2.40) are compared with a table
here, and no other encoding may differ.
"""
import argparse
import array
import random
import re
import subprocess
import sys
import tempfile

WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8, "q": 16}
BASE_ARCH = "rv64gqcvh_zfh_zicbom_zicboz_zicbop_zawrs_svinval"
NEWER_EXTENSIONS = ("zcb", "zacas", "zabha")
MAX_SHOWN = 10

# Instructions written with a base register that rvdec has good reason to pass over:
# jumps, hints, and what a guest in virtual mode cannot run.
NOT_ACCESSES = re.compile(r"(jalr|prefetch\.[iwr]|hlvx?\.(b|h|w|d)u?|hsv\.[bhwd])$")

BASIC = re.compile(r"(c\.)?(f?)(l|s)([bhwdq])(u?)(?:sp)?$")
ATOMIC = re.compile(r"(lr|sc|amo[a-z]+)\.([bhwdq])((?:\.aq|\.rl|\.aqrl)?)$")
VECTOR = re.compile(r"v(l|s)(m|[1248]r(e\d+)?|(s|ux|ox)?(seg[2-8])?ei?\d+(ff)?)\.v$")
OPERANDS_BASIC = re.compile(r"[xf](\d+),(-?\d+)\(x(\d+)\)$")
OPERANDS_BASE = re.compile(r"(?:0)?\(x(\d+)\)$")
OPERANDS_AMO = re.compile(r"x(\d+),(?:x(\d+),)?(?:0)?\(x(\d+)\)$")
OPERANDS_VECTOR = re.compile(r"v\d+,\(x(\d+)\)")


def canon(kind, length=4, width=0, fp=False, sign=False, rd=0, rs1=0, rs2=0, off=0, amo="-",
          cbo="-", aq=False, rl=False):
    """One access in the words of dump.c."""
    return (f"{kind} len={length} w={width} {'f' if fp else 'x'} {'s' if sign else 'u'} rd={rd} "
            f"rs1={rs1} rs2={rs2} off={off} amo={amo} cbo={cbo}"
            f"{' aq' if aq else ''}{' rl' if rl else ''}")


def canon_basic(match, operands):
    compressed, fp, way, width, unsigned = match.groups()
    reg, off, base = (int(x) for x in OPERANDS_BASIC.match(operands).groups())
    size = WIDTHS[width]
    load = way == "l"
    return canon("load" if load else "store", 2 if compressed else 4, size, bool(fp),
                 load and not fp and not unsigned and size < 8, reg if load else 0, base,
                 0 if load else reg, off)


def canon_atomic(match, operands):
    name, width, order = match.groups()
    rd, rs2, base = OPERANDS_AMO.match(operands).groups()
    size = WIDTHS[width]
    kind = name if name in ("lr", "sc") else "amo"
    return canon(kind, 4, size, False, kind != "sc" and size < 8, int(rd), int(base),
                 int(rs2 or 0), 0, name[3:] if kind == "amo" else "-", "-", "aq" in order,
                 "rl" in order)


def canon_of_text(name, operands):
    """What the disassembly says, or '-' when it names no access rvdec should know."""
    match = BASIC.match(name)
    if match:
        return canon_basic(match, operands)
    match = ATOMIC.match(name)
    if match:
        return canon_atomic(match, operands)
    match = VECTOR.match(name)
    if match:
        base = int(OPERANDS_VECTOR.match(operands).group(1))
        return canon("vload" if match.group(1) == "l" else "vstore", rs1=base)
    if name.startswith("cbo."):
        return canon("cbo", rs1=int(OPERANDS_BASE.match(operands).group(1)), cbo=name[4:])
    if "(x" in operands and not NOT_ACCESSES.match(name):
        raise ValueError(f"binutils knows an access this test does not: {name} {operands}")
    return "-"


def newer_zcb(word):
    """Code Size Reduction, "Zcb": (extension, access) or None."""
    if word & 0xE003 != 0x8000:
        return None
    kind, base, reg = word >> 10 & 7, 8 + (word >> 7 & 7), 8 + (word >> 2 & 7)
    high, low = word >> 5 & 1, word >> 6 & 1
    if kind == 0:
        return "zcb", canon("load", 2, 1, rd=reg, rs1=base, off=high * 2 + low)
    if kind == 1:
        return "zcb", canon("load", 2, 2, sign=low == 1, rd=reg, rs1=base, off=high * 2)
    if kind == 2:
        return "zcb", canon("store", 2, 1, rs1=base, rs2=reg, off=high * 2 + low)
    if kind == 3 and low == 0:
        return "zcb", canon("store", 2, 2, rs1=base, rs2=reg, off=high * 2)
    return None


ZABHA_OPS = {0: "add", 1: "swap", 4: "xor", 8: "or", 12: "and", 16: "min", 20: "max", 24: "minu",
             28: "maxu", 5: "cas"}


def newer_atomic(word):
    """Zacas at 4, 8 and 16 bytes, Zabha at 1 and 2: (extension, access) or None."""
    if word & 0x7F != 0x2F:
        return None
    rd, size, rs1, rs2 = word >> 7 & 31, word >> 12 & 7, word >> 15 & 31, word >> 20 & 31
    op = ZABHA_OPS.get(word >> 27)
    if op is None or size > 4 or (size > 1 and op != "cas"):
        return None
    if size == 4 and (rd % 2 or rs2 % 2):
        return None
    access = canon("amo", 4, 1 << size, False, size < 3, rd, rs1, rs2, 0, op, "-",
                   bool(word >> 26 & 1), bool(word >> 25 & 1))
    return "zacas" if size > 1 else "zabha", access


def newer(word):
    return newer_zcb(word) if word & 3 != 3 else newer_atomic(word)


def words_16bit():
    return [word for word in range(0x10000) if word & 3 != 3]


def put(opcode, rd=0, funct3=0, rs1=0, rs2=0, funct7=0):
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct7 << 25


def words_i_type(opcode, rnd):
    """All immediates, and all pairs of registers."""
    for f3 in range(8):
        for imm in range(4096):
            yield put(opcode, rnd.randrange(32), f3, rnd.randrange(32), imm & 31, imm >> 5)
        for pair in range(1024):
            imm = rnd.randrange(4096)
            yield put(opcode, pair & 31, f3, pair >> 5, imm & 31, imm >> 5)


def words_s_type(opcode, rnd):
    """All immediates, all pairs of registers, and all of bits 31:20, for the vector forms."""
    yield from words_i_type(opcode, rnd)
    for f3 in range(8):
        for imm in range(4096):
            yield put(opcode, imm & 31, f3, rnd.randrange(32), rnd.randrange(32), imm >> 5)
        for pair in range(1024):
            yield put(opcode, rnd.randrange(32), f3, pair & 31, pair >> 5, rnd.randrange(128))


def words_atomic(opcode, rnd):
    """Each operation, order and width with every value of each register in turn."""
    for f3 in range(8):
        for f7 in range(128):
            for reg in range(32):
                yield put(opcode, rnd.randrange(32), f3, rnd.randrange(32), reg, f7)
                yield put(opcode, rnd.randrange(32), f3, reg, rnd.randrange(32), f7)
                yield put(opcode, reg, f3, rnd.randrange(32), 0, f7)


def words_misc_mem(opcode, rnd):
    """All immediates, with and without a destination."""
    for f3 in range(8):
        for imm in range(4096):
            yield put(opcode, 0, f3, rnd.randrange(32), imm & 31, imm >> 5)
            yield put(opcode, rnd.randrange(32), f3, rnd.randrange(32), imm & 31, imm >> 5)


def words_other(opcode, rnd):
    """The opcodes that access no memory: every funct3 and funct7, a few of each."""
    for f3 in range(8):
        for f7 in range(128):
            for _ in range(4):
                yield put(opcode, rnd.randrange(32), f3, rnd.randrange(32), rnd.randrange(32), f7)


def groups():
    """(what is shown, encodings): one test case each."""
    rnd = random.Random(1)
    known = (0x03, 0x07, 0x0F, 0x23, 0x27, 0x2F, 0x73)
    others = [op for op in range(3, 128, 4) if op & 0x1F != 0x1F and op not in known]
    yield "every 16-bit encoding", words_16bit()
    yield "LOAD", words_i_type(0x03, rnd)
    yield "STORE", words_s_type(0x23, rnd)
    yield "LOAD-FP, scalar and vector", words_i_type(0x07, rnd)
    yield "STORE-FP, scalar and vector", words_s_type(0x27, rnd)
    yield "AMO", words_atomic(0x2F, rnd)
    yield "MISC-MEM", words_misc_mem(0x0F, rnd)
    yield "SYSTEM, with the loads of the hypervisor extension", words_misc_mem(0x73, rnd)
    yield "all other major opcodes", (w for op in others for w in words_other(op, rnd))


def run(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


class Binutils:
    """Disassembles by way of an object file, which can name the extensions to know."""

    def __init__(self, tools, folder):
        self.tools = tools
        self.folder = folder
        self.arch = BASE_ARCH
        for extension in NEWER_EXTENSIONS:
            if self.assembles(f"{self.arch}_{extension}"):
                self.arch += f"_{extension}"

    def assembles(self, arch):
        source = f'.attribute arch, "{arch}"\n'.encode()
        result = subprocess.run([self.tools.assembler, "-o", "probe.o", "-"], cwd=self.folder,
                                input=source, stderr=subprocess.DEVNULL)
        return result.returncode == 0

    def disassemble(self, blob):
        """Yields (mnemonic, operands) in order; an unknown encoding is ('.4byte', ...)."""
        with open(f"{self.folder}/words.bin", "wb") as file:
            file.write(blob)
        source = f'.attribute arch, "{self.arch}"\n.text\n.incbin "words.bin"\n'.encode()
        run([self.tools.assembler, "-march=rv64gc", "-o", "words.o", "-"], cwd=self.folder,
            input=source)
        # Mapping symbols would have it all disassembled as data.
        run([self.tools.objcopy, "-w", "--strip-symbol=$*", "words.o"], cwd=self.folder)
        text = run([self.tools.objdump, "-d", "-z", "-M", "no-aliases,numeric",
                    "--no-show-raw-insn", "words.o"], cwd=self.folder, text=True)
        for line in text.splitlines():
            fields = line.split("\t")
            if len(fields) >= 2 and fields[0].endswith(":"):
                yield fields[1], fields[2].split(" ")[0] if len(fields) > 2 else ""


def decode_all(dump, words):
    blob = array.array("I", words)
    if sys.byteorder == "big":
        blob.byteswap()
    return run([dump], input=blob.tobytes()).decode().splitlines()


def compare(binutils, dump, words, seen, tabled):
    """Differences as lines of text; counts mnemonics in seen, table uses in tabled."""
    is_fast = words[0] & 3 != 3
    blob = array.array("H" if is_fast else "I", words)
    if sys.byteorder == "big":
        blob.byteswap()
    texts = list(binutils.disassemble(blob.tobytes()))
    decoded = decode_all(dump, words)
    if not len(texts) == len(decoded) == len(words):
        return [f"{len(words)} encodings, {len(texts)} disassembled, {len(decoded)} decoded"]
    differences = []
    for word, (name, operands), ours in zip(words, texts, decoded):
        want = canon_of_text(name, operands)
        if want == "-" and newer(word):
            if not name.startswith("."):
                differences.append(f"0x{word:08x}: the table claims binutils' {name}")
                continue
            extension, want = newer(word)
            tabled[extension] = tabled.get(extension, 0) + 1
        elif want != "-":
            seen.add(name)
        if want != ours:
            differences.append(f"0x{word:08x} {name} {operands}: want {want}, got {ours}")
    return differences


def expected_mnemonics():
    """Accesses that any binutils since 2.40 knows and that the encodings must have met."""
    orders = ("", ".aq", ".rl", ".aqrl")
    names = {f"{way}{width}" for way in "ls" for width in "bhwd"} | {"lbu", "lhu", "lwu"}
    names |= {f"f{way}{width}" for way in "ls" for width in "hwdq"}
    names |= {f"c.{op}{sp}" for op in ("lw", "ld", "sw", "sd", "fld", "fsd") for sp in ("", "sp")}
    names |= {f"{op}.{width}{order}" for width in "wd" for order in orders
              for op in ["lr", "sc"] + [f"amo{x}" for x in ZABHA_OPS.values() if x != "cas"]}
    names |= {f"cbo.{op}" for op in ("inval", "clean", "flush", "zero")}
    names |= {"vlm.v", "vsm.v", "vl8re64.v", "vs8r.v", "vle8ff.v", "vlsseg2e16.v", "vsoxei64.v",
              "vluxseg8ei32.v"}
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dump", required=True, help="the program built from dump.c")
    parser.add_argument("--assembler", default="riscv64-linux-gnu-as")
    parser.add_argument("--objcopy", default="riscv64-linux-gnu-objcopy")
    parser.add_argument("--objdump", default="riscv64-linux-gnu-objdump")
    tools = parser.parse_args()
    cases, total, seen, tabled = [], 0, set(), {}
    with tempfile.TemporaryDirectory() as folder:
        binutils = Binutils(tools, folder)
        for title, words in groups():
            words = list(words)
            total += len(words)
            cases.append((f"{title}: {len(words)} encodings agree with binutils",
                          compare(binutils, tools.dump, words, seen, tabled)))
    missing = sorted(expected_mnemonics() - seen)
    cases.append((f"the {total} encodings met every instruction they should have",
                  [f"never met: {name}" for name in missing]))
    unmet = [x for x in NEWER_EXTENSIONS if f"_{x}" not in binutils.arch and x not in tabled]
    cases.append((f"what binutils does not know is in the table: {tabled}",
                  [f"never met: {name}" for name in unmet]))
    print(f"1..{len(cases)}")
    for number, (title, differences) in enumerate(cases, 1):
        print(f"{'not ' if differences else ''}ok {number} - {title}")
        for line in differences[:MAX_SHOWN]:
            print(f"# {line}")
        if len(differences) > MAX_SHOWN:
            print(f"# and {len(differences) - MAX_SHOWN} more")
    return 1 if any(differences for _, differences in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
