/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks the SBI in detail, from a guest of one hart: each row is a call and its result by the
 * specification.  Prints "sbi: NAME: ..." for each deviation, then
 * "sbi: end, CHECKS checks, WRONG wrong", and powers off.
 *
 * Specification: RISC-V Supervisor Binary Interface 2.0; the sections are named below.
 */
#include "guest.h"

#define BASE          UINT64_C(0x10)
#define TIME          UINT64_C(0x54494d45)
#define IPI           UINT64_C(0x735049)
#define RFENCE        UINT64_C(0x52464e43)
#define HSM           UINT64_C(0x48534d)
#define SRST          UINT64_C(0x53525354)
#define DBCN          UINT64_C(0x4442434e)

#define OK            0
#define NOT_SUPPORTED (-2)
#define INVALID_PARAM (-3)
#define BAD_ADDRESS   (-5)
#define ALREADY       (-6)

#define ALL           UINT64_MAX
#define HERE          ((uint64_t)__image_start)
#define NOWHERE       UINT64_C(0x18000000)
#define SIP_SSIP      (UINT64_C(1) << 1)
#define SIP_STIP      (UINT64_C(1) << 5)

void sbi_raw(uint64_t x[32]);
void suspend_and_resume(uint64_t type, uint64_t opaque);
extern volatile uint64_t resume_state[6]; /* a0, a1, satp, sstatus as they were at the resumption */

static uint64_t checks, wrong;
static uint8_t buffer[64];

static void check(const char *name, int64_t got, int64_t wanted)
{
    checks++;
    if (got == wanted)
        return;
    wrong++;
    put_string("sbi: ");
    put_string(name);
    put_string(": ");
    put_hex((uint64_t)got);
    put_string(", not ");
    put_hex((uint64_t)wanted);
    put_string("\n");
}

static void refused(const char *name, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1,
                    uint64_t a2, int64_t error)
{
    check(name, sbi_call(eid, fid, a0, a1, a2, 0).error, error);
}

/* "Base Extension": probed extensions exist, and all others do not. */
static void base(void)
{
    static const uint64_t there[] = { BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, 0, 1, 2, 3, 4, 5,
                                      6,    7,    8 };
    static const uint64_t absent[] = { 9,          15,         0x504d55,   0x53555350, 0x43505043,
                                       0x4e41434c, 0x535441,   0x535345,   0x46574654, 0x44425452,
                                       0x4d505859, 0x08000000, 0x08ffffff, 0x09000000, 0x0a000000,
                                       0x0affffff, 0x7fffffff, ALL };

    check("version", (int64_t)sbi_call(BASE, 0, 0, 0, 0, 0).value, 0x02000000);
    for (uint64_t function = 0; function < 7; function++)
        refused("base function", BASE, function, BASE, 0, 0, OK);
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        check("probe of one there", (int64_t)sbi_call(BASE, 3, there[i], 0, 0, 0).value, 1);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        check("probe of one that is not", (int64_t)sbi_call(BASE, 3, absent[i], 0, 0, 0).value, 0);
        for (uint64_t function = 0; function < 9; function++)
            refused("call of one that is not", absent[i], function, 0, 0, 0, NOT_SUPPORTED);
    }
    refused("base beyond", BASE, 7, 0, 0, 0, NOT_SUPPORTED);
    refused("base function all ones", BASE, ALL, 0, 0, 0, NOT_SUPPORTED);
}

/* "Binary Encoding": everything but a0 and a1 is preserved; the legacy calls give back a0 alone. */
static void registers(const char *name, uint64_t eid, uint64_t fid, uint64_t a0, unsigned last)
{
    uint64_t x[32], before[32];

    for (unsigned i = 1; i < 32; i++)
        x[i] = UINT64_C(0x1234567800000000) * i + i;
    x[10] = a0;
    x[11] = x[12] = x[13] = 0;
    x[16] = fid;
    x[17] = eid;
    for (unsigned i = 1; i < 32; i++)
        before[i] = x[i];
    sbi_raw(x);
    for (unsigned i = 1; i < 32; i++)
        if (i < 10 || i > last)
            check(name, (int64_t)x[i], (int64_t)before[i]);
}

static void all_registers(void)
{
    registers("registers of base", BASE, 3, BASE, 11);
    registers("registers of an unknown one", 0x7eadbeef, 1, 2, 11);
    registers("registers of rfence", RFENCE, 0, 1, 11);
    registers("registers of set_timer", TIME, 0, ALL, 11);
    registers("registers of legacy set_timer", 0, 0, ALL, 10);
    registers("registers of legacy clear_ipi", 3, 0, 0, 10);
}

static void pending(const char *name, uint64_t bit, bool wanted)
{
    uint64_t until = time_now() + 10000000;
    while (((csr_read(sip) & bit) != 0) != wanted && time_now() < until)
        ;
    check(name, (csr_read(sip) & bit) != 0, wanted);
}

/* "Timer Extension" and "IPI Extension". */
static void interrupts(uint64_t hart)
{
    csr_write(sie, 0);
    refused("timer in the past", TIME, 0, 0, 0, 0, OK);
    pending("timer in the past is pending", SIP_STIP, true);
    refused("timer never", TIME, 0, ALL, 0, 0, OK);
    pending("timer never is not pending", SIP_STIP, false);
    refused("timer soon", TIME, 0, time_now() + 10000, 0, 0, OK);
    pending("timer soon comes", SIP_STIP, true);
    check("legacy timer", sbi_call(0, 0, ALL, 0, 0, 0).error, OK);
    pending("legacy timer clears", SIP_STIP, false);
    refused("time beyond", TIME, 1, 0, 0, 0, NOT_SUPPORTED);

    refused("ipi to oneself", IPI, 0, 1, hart, 0, OK);
    pending("ipi is pending", SIP_SSIP, true);
    csr_clear(sip, SIP_SSIP);
    refused("ipi to all, mask ignored", IPI, 0, 0, ALL, 0, OK);
    pending("ipi to all is pending", SIP_SSIP, true);
    check("legacy clear_ipi tells it", sbi_call(3, 0, 0, 0, 0, 0).error, 1);
    pending("legacy clear_ipi clears", SIP_SSIP, false);
    check("legacy clear_ipi again", sbi_call(3, 0, 0, 0, 0, 0).error, 0);
    refused("ipi to nobody", IPI, 0, 0, 0, 0, OK);
    refused("ipi to a hart beyond", IPI, 0, 2, 0, 0, INVALID_PARAM);
    refused("ipi to one that is and one beyond", IPI, 0, 3, 0, 0, INVALID_PARAM);
    refused("ipi with a base beyond", IPI, 0, 1, 1, 0, INVALID_PARAM);
    refused("ipi with a base far beyond", IPI, 0, 1, ALL - 1, 0, INVALID_PARAM);
    refused("ipi with base and bit that wrap", IPI, 0, UINT64_C(1) << 63, ALL - 62, 0,
            INVALID_PARAM);
    pending("refused ipis are not sent", SIP_SSIP, false);
    refused("ipi beyond", IPI, 1, 1, 0, 0, NOT_SUPPORTED);
}

static int64_t fence_asid(uint64_t mask, uint64_t asid)
{
    uint64_t x[32];

    for (unsigned i = 0; i < 32; i++)
        x[i] = 0;
    x[10] = mask;
    x[12] = HERE;
    x[13] = 4096;
    x[14] = asid;
    x[16] = 2;
    x[17] = RFENCE;
    sbi_raw(x);
    return (int64_t)x[10];
}

/* A range may end with the address space itself: its start and size then add up to 2^64. */
static void fences_to_the_end(void)
{
    static const uint64_t size[] = { 1, 4096, UINT64_C(1) << 31, UINT64_C(1) << 63 };

    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        uint64_t start = 0 - size[i];
        for (uint64_t function = 1; function < 3; function++) {
            check("sfence to the end", sbi_call(RFENCE, function, 1, 0, start, size[i]).error, OK);
            check("sfence beyond the end",
                  sbi_call(RFENCE, function, 1, 0, start, size[i] + 1).error, BAD_ADDRESS);
            check("legacy sfence to the end",
                  sbi_call(5 + function, 0, 0, start, size[i], 0).error, OK);
        }
    }
}

/* "RFENCE Extension".  The hart has no H extension: its functions do not exist. */
static void fences(void)
{
    refused("fence.i all", RFENCE, 0, 0, ALL, 0, OK);
    refused("fence.i beyond", RFENCE, 0, 2, 0, 0, INVALID_PARAM);
    refused("sfence of everything", RFENCE, 1, 1, 0, 0, OK);
    for (uint64_t function = 1; function < 3; function++) {
        refused("sfence with a base beyond", RFENCE, function, 1, 1, 0, INVALID_PARAM);
        refused("sfence with a hart beyond", RFENCE, function, 2, 0, 0, INVALID_PARAM);
    }
    check("sfence of a page", sbi_call(RFENCE, 1, 1, 0, HERE, 4096).error, OK);
    check("sfence of an ASID", fence_asid(1, 65535), OK);
    check("sfence of an ASID with bits above its 16", fence_asid(1, 65536), OK);
    check("sfence of an ASID beyond", fence_asid(2, 1), INVALID_PARAM);
    check("sfence of size -1", sbi_call(RFENCE, 1, 1, 0, 4096, ALL).error, OK);
    fences_to_the_end();
    for (uint64_t function = 3; function < 9; function++)
        refused("hfence", RFENCE, function, 1, 0, 0, NOT_SUPPORTED);
}

/* "Hart State Management Extension". */
static void harts(uint64_t hart)
{
    static const uint64_t types[] = { 1, 0x0fffffff, 0x10000000, 0x7fffffff,
                                      0x80000001, 0x8fffffff, 0x90000000, 0xffffffff };

    check("status of oneself", (int64_t)sbi_call(HSM, 2, hart, 0, 0, 0).value, 0);
    refused("status beyond", HSM, 2, 1, 0, 0, INVALID_PARAM);
    refused("status far beyond", HSM, 2, ALL, 0, 0, INVALID_PARAM);
    refused("start of oneself", HSM, 0, hart, HERE, 0, ALREADY);
    refused("start beyond", HSM, 0, 1, HERE, 0, INVALID_PARAM);
    refused("start far beyond", HSM, 0, ALL, HERE, 0, INVALID_PARAM);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        refused("suspend of a reserved type", HSM, 3, types[i], HERE, 0, INVALID_PARAM);
    refused("resume at no RAM", HSM, 3, 0x80000000, NOWHERE, 0, BAD_ADDRESS);
    refused("resume at an odd address", HSM, 3, 0x80000000, HERE + 1, 0, BAD_ADDRESS);
    refused("hsm beyond", HSM, 4, 0, 0, 0, NOT_SUPPORTED);

    sbi_set_timer(0); /* a timer to wake the hart */
    csr_write(sie, SIP_STIP);
    refused("retentive suspend", HSM, 3, 0, 0, 0, OK);
    suspend_and_resume(0x80000000, 0x6f7061717565);
    check("resumed a0", (int64_t)resume_state[0], (int64_t)hart);
    check("resumed a1", (int64_t)resume_state[1], 0x6f7061717565);
    check("resumed satp", (int64_t)resume_state[2], 0);
    check("resumed SIE", (int64_t)(resume_state[3] & 2), 0);
    csr_write(sie, 0);
    sbi_set_timer(ALL);
}

/* "System Reset Extension": an impossible reset is refused, and has no effect. */
static void resets(void)
{
    static const uint64_t types[] = { 3, 0xefffffff, 0xf0000000, 0xffffffff };
    static const uint64_t reasons[] = { 2, 0xdfffffff, 0xe0000000, 0xf0000000, 0xffffffff };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        refused("reset of a reserved type", SRST, 0, types[i], 0, 0, INVALID_PARAM);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        refused("reset for a reserved reason", SRST, 0, 0, reasons[i], 0, INVALID_PARAM);
    refused("srst beyond", SRST, 1, 0, 0, 0, NOT_SUPPORTED);
}

/* "Debug Console Extension": addresses are physical, in two halves. */
static void console(void)
{
    static const char text[] = "sbi: written by the firmware\r\n";
    uint64_t done = 0;

    while (done < sizeof text - 1) {
        uint64_t left = sizeof text - 1 - done;
        struct sbi_result r = sbi_call(DBCN, 0, left, (uint64_t)text + done, 0, 0);
        check("write", r.error, OK);
        if (r.error != OK || r.value > left)
            break;
        done += r.value;
    }
    check("write gives what it took", (int64_t)done, sizeof text - 1);
    check("write of nothing", (int64_t)sbi_call(DBCN, 0, 0, HERE, 0, 0).value, 0);
    check("read of nothing typed", (int64_t)sbi_call(DBCN, 1, 64, (uint64_t)buffer, 0, 0).value, 0);
    for (uint64_t function = 0; function < 2; function++) {
        refused("high half", DBCN, function, 1, HERE, 1, INVALID_PARAM);
        refused("no RAM", DBCN, function, 1, NOWHERE, 0, INVALID_PARAM);
        refused("a device", DBCN, function, 1, UART_BASE, 0, INVALID_PARAM);
        refused("before RAM", DBCN, function, 2, RAM_BASE - 1, 0, INVALID_PARAM);
        refused("behind RAM", DBCN, function, 2, RAM_BASE + (UINT64_C(16) << 20) - 1, 0,
                INVALID_PARAM);
        refused("wrapping", DBCN, function, ALL, HERE, 0, INVALID_PARAM);
    }
    refused("byte", DBCN, 2, UINT64_C(0xffffffffffffff00) | ' ', 0, 0, OK);
    refused("dbcn beyond", DBCN, 3, 0, 0, 0, NOT_SUPPORTED);
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)dtb;
    put_string("sbi: begin\n");
    base();
    all_registers();
    interrupts(hart);
    fences();
    harts(hart);
    resets();
    console();
    put_string("sbi: end, ");
    put_decimal(checks);
    put_string(" checks, ");
    put_decimal(wrong);
    put_string(" wrong\n");
    sbi_reset(0, 0);
}
