/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executes one instruction of each extension that has one, in S mode, and prints for each
 * "named: EXTENSION runs" or "named: EXTENSION traps".  The hart's device tree names the
 * extensions that have to run.
 */
#include "guest.h"

#define INSN_RET UINT32_C(0x00008067)
/* rd = t1, rs1 = rs2 = a0, which points to memory. */
#define RD       (UINT32_C(6) << 7)
#define RS1      (UINT32_C(10) << 15)
#define RS2      (UINT32_C(10) << 20)
#define R(bits)  (UINT32_C(bits) | RD | RS1 | RS2)
#define R1(bits) (UINT32_C(bits) | RD | RS1)

static uint32_t code[2] __attribute__((aligned(8)));
static uint64_t line[8] __attribute__((aligned(64)));

/* Does it run without a trap?  `insn` may be two compressed ones. */
static bool runs(uint32_t insn)
{
    uint64_t count = trap_last.count;
    register uint64_t a0 __asm__("a0") = (uint64_t)line;

    *(volatile uint32_t *)&code[0] = insn;
    *(volatile uint32_t *)&code[1] = INSN_RET;
    __asm__ volatile("fence.i\n\tjalr %1"
                     : "+r"(a0)
                     : "r"(code)
                     : "ra", "t0", "t1", "memory");
    return trap_last.count == count;
}

static const struct {
    const char *name;
    uint32_t insn;
} list[] = {
    { "zihintpause", 0x0100000f },     /* pause */
    { "zihintntl", 0x00200033 },       /* ntl.p1 */
    { "zicond", R(0x0e005033) },       /* czero.eqz */
    { "zimop", R1(0x81c04073) },       /* mop.r.0 */
    { "zmmul", R(0x02000033) },        /* mul */
    { "zaamo", R(0x0000302f) },        /* amoadd.d */
    { "zabha", R(0x0000002f) },        /* amoadd.b */
    { "zacas", R(0x2800302f) },        /* amocas.d */
    { "zalrsc", R1(0x1000302f) },      /* lr.d */
    { "zawrs", 0x00d00073 },           /* wrs.nto */
    { "zawrs", 0x01d00073 },           /* wrs.sto */
    { "zfa", 0xf0100053 },             /* fli.s ft0 */
    { "zfbfmin", 0x44800053 },         /* fcvt.bf16.s ft0, ft0 */
    { "zfh", 0x04000053 },             /* fadd.h ft0, ft0, ft0 */
    { "zfhmin", 0x00051007 },          /* flh ft0, (a0) */
    { "zca", 0x00010001 },             /* c.nop twice */
    { "zcb", 0x00019d61 },             /* c.zext.b a0, c.nop */
    { "zcd", 0x00012108 },             /* c.fld fa0, (a0), c.nop */
    { "zcmop", 0x00016081 },           /* c.mop.1, c.nop */
    { "zba", R(0x20002033) },          /* sh1add */
    { "zbb", R(0x40007033) },          /* andn */
    { "zbc", R(0x0a001033) },          /* clmul */
    { "zbkb", R(0x08004033) },         /* pack */
    { "zbkc", R(0x0a001033) },         /* clmul */
    { "zbkx", R(0x28004033) },         /* xperm8 */
    { "zbs", R(0x28001033) },          /* bset */
    { "zknd", R(0x3a000033) },         /* aes64ds */
    { "zkne", R(0x32000033) },         /* aes64es */
    { "zknh", R1(0x10001013) },        /* sha256sum0 */
    { "zksed", R(0x30000033) },        /* sm4ed */
    { "zksh", R1(0x10801013) },        /* sm3p0 */
    { "svinval", 0x16000073 },         /* sinval.vma x0, x0 */
    { "svinval", 0x18000073 },         /* sfence.w.inval */
};

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart, (void)dtb;
    csr_set(sstatus, UINT64_C(3) << 13); /* FS */
    put_string("named: begin\n");
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        put_string("named: ");
        put_string(list[i].name);
        put_string(runs(list[i].insn) ? " runs\n" : " traps\n");
    }
    put_string("named: end\n");
    sbi_reset(0, 0);
}
