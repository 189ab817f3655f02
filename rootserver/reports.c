/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/reports.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <proto/report.h>
#include <rt/rt.h>

static const char *report_cause_name(uint64_t cause)
{
    static const char *const names[] = {
        [0] = "instruction address misaligned",
        [1] = "instruction access fault",
        [2] = "illegal instruction",
        [3] = "breakpoint",
        [4] = "load address misaligned",
        [5] = "load access fault",
        [6] = "store address misaligned",
        [7] = "store access fault",
        [8] = "bad system call",
        [12] = "instruction page fault",
        [13] = "load page fault",
        [15] = "store page fault",
    };
    return cause < sizeof names / sizeof names[0] && names[cause] != NULL ? names[cause]
                                                                          : "exception";
}

static const char *report_failure_name(uint64_t failure)
{
    static const char *const names[] = {
        [REPORT_FAILURE_START_RECORD] = "it cannot read its start record",
        [REPORT_FAILURE_KERNEL] = "the guest's kernel is unusable",
        [REPORT_FAILURE_VCPU] = "a call on its vCPU failed",
        [REPORT_FAILURE_SYSTEM] = "the guest reported a system failure",
        [REPORT_FAILURE_INTERNAL] = "an internal error",
        [REPORT_FAILURE_STOPPED] = "the guest has stopped all of its harts",
        [REPORT_FAILURE_STATE] = "the guest's state is of another version",
    };
    return failure < sizeof names / sizeof names[0] && names[failure] != NULL
               ? names[failure]
               : "for an unknown reason";
}

/* Takes one line from the allowance, after refilling it for the time that has passed. */
static bool report_line_is_allowed(struct report_line *line)
{
    uint64_t step = rt_timebase_hz() / REPORTS_LINES_PER_SECOND, now = rt_time_ticks();
    uint64_t back = (now - line->since_ticks) / step;

    line->since_ticks += back * step;
    line->written = back < line->written ? line->written - (unsigned)back : 0;
    if (line->written >= REPORTS_LINES_AT_ONCE)
        return false;
    line->written++;
    return true;
}

/*
 * Sets the topic of the next lines: a process's end, or (`is_log`) a line on behalf of a running
 * process.  Only a line about an end waits for the guest's last output (`about`): a line that
 * waits for a running guest would split the guest's next line.
 */
static void report_topic(struct reports *r, unsigned process, bool is_log)
{
    lines_topic(r->lines, is_log ? 0 : lives_about(r->lives, process), is_log);
}

static const char *report_name(const struct reports *r, unsigned process)
{
    return r->lives->life[process].name;
}

/* Prints how many lines of a process were dropped. */
static void report_dropped_tell(struct reports *r, unsigned process)
{
    struct report_line *line = &r->line[process];

    if (line->dropped > 0)
        printf("%s: (%u lines dropped)\n", report_name(r, process), line->dropped);
    line->dropped = 0;
}

/* May a line be written on behalf of `process` now?  Prints first how many lines were dropped. */
static bool report_line_begin(struct reports *r, unsigned process)
{
    struct report_line *line = &r->line[process];

    if (!report_line_is_allowed(line) || !lines_take_log(r->lines)) {
        line->dropped++;
        return false;
    }
    report_dropped_tell(r, process);
    return true;
}

static void report_line_end(struct reports *r, unsigned process)
{
    struct report_line *line = &r->line[process];

    report_topic(r, process, true);
    if (line->length > 0 && report_line_begin(r, process))
        printf("%s: %.*s\n", report_name(r, process), (int)line->length, line->text);
    report_topic(r, process, false);
    line->length = 0;
}

/* Prints a process's text line by line after its name.  Unprintable bytes become '?'. */
static void report_line_add(struct reports *r, unsigned process, const char *text, unsigned bytes)
{
    struct report_line *line = &r->line[process];

    if (line->life != r->lives->life[process].restart_count)
        report_line_end(r, process); /* of an earlier life that was ended in the middle */
    line->life = r->lives->life[process].restart_count;
    for (unsigned i = 0; i < bytes; i++) {
        char c = text[i];
        if (c != '\n' && c != '\r')
            line->text[line->length++] = c >= 32 && c < 127 ? c : '?';
        if (c == '\n' || line->length == sizeof line->text)
            report_line_end(r, process);
    }
}

static void report_end(struct reports *r, unsigned process, enum life_end end)
{
    report_line_end(r, process);
    report_dropped_tell(r, process);
    lives_end(r->lives, process, end, rt_time_ticks());
}

static void report_registers_print(uint32_t thread)
{
    static const char *const names[32] = {
        "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };

    for (unsigned i = 0; i < 32; i++) {
        uint64_t value = 0;
        if (thread_get_reg(cap_at(thread), i, &value) != OK) {
            printf("  (its registers cannot be read)\n");
            return;
        }
        printf("%s%3s %016" PRIx64 "%s", i % 4 == 0 ? "  " : " ", names[i], value,
               i % 4 == 3 ? "\n" : "");
    }
}

/*
 * The thread that faulted.  All threads of a process send faults with one badge.  Each has a stack
 * of its own, so pc and sp together tell the thread; the first one if none fits.
 */
static uint32_t report_thread_find(const struct reports *r, unsigned process,
                                   const struct message *m)
{
    enum {
        PC = 0,
        SP = 2
    };
    uint32_t thread;

    for (unsigned n = 0; (thread = r->thread(process, n)) != 0; n++) {
        uint64_t pc = 0, sp = 0;
        if (thread_get_reg(cap_at(thread), PC, &pc) == OK &&
            thread_get_reg(cap_at(thread), SP, &sp) == OK && pc == m->word[FAULT_PC] &&
            sp == m->word[FAULT_SP])
            return thread;
    }
    return r->thread(process, 0);
}

static void report_fault(struct reports *r, unsigned process, const struct message *m)
{
    printf("%s faulted: %s (cause %" PRIu64 ", tval %#" PRIx64 ") at pc %#" PRIx64 "\n",
           report_name(r, process), report_cause_name(m->word[FAULT_CAUSE]), m->word[FAULT_CAUSE],
           m->word[FAULT_TVAL], m->word[FAULT_PC]);
    report_registers_print(report_thread_find(r, process, m));
    report_end(r, process, LIFE_END_FAULT);
}

static void report_log(struct reports *r, unsigned process, const struct message *m)
{
    char text[REPORT_LOG_BYTES];

    memcpy(text, &m->word[1], sizeof text);
    report_line_add(r, process, text,
                    m->word[0] < sizeof text ? (unsigned)m->word[0] : sizeof text);
}

/* After a defect of the VMM the next life may go on; a guest that is unusable stays unusable. */
static enum life_end report_failed_end(uint64_t failure)
{
    return failure == REPORT_FAILURE_VCPU || failure == REPORT_FAILURE_INTERNAL ? LIFE_END_FAULT
                                                                                : LIFE_END_FAILED;
}

static void report_handle(struct reports *r, unsigned process, const struct message *m)
{
    const struct life *l = &r->lives->life[process];
    uint64_t label = m->tag & TAG_LABEL_MASK;
    bool is_vmm = l->guest != NULL;

    if (label == REPORT_LOG) {
        report_log(r, process, m);
    } else if (label == REPORT_REBOOTED && is_vmm) {
        report_topic(r, process, true);
        if (report_line_begin(r, process))
            printf("guest %s rebooted (%" PRIu64 ")\n", l->guest, m->word[0]);
    } else if (label == REPORT_POWERED_OFF && is_vmm) {
        report_end(r, process, LIFE_END_OFF);
    } else if (label == REPORT_FAILED) {
        printf("%s gave up: %s (%" PRIu64 ")\n", l->name, report_failure_name(m->word[0]),
               m->word[1]);
        report_end(r, process, report_failed_end(m->word[0]));
    } else if (label == REPORT_EXIT) {
        printf("%s ended with code %" PRIu64 "\n", l->name, m->word[0]);
        report_end(r, process, LIFE_END_FAULT);
    } else {
        printf("%s sent an unknown report (%" PRIu64 ")\n", l->name, label);
        report_end(r, process, LIFE_END_FAULT);
    }
}

/* Does the message end the process?  Only then do its lines wait for the guest's last output. */
static bool report_is_end(const struct reports *r, unsigned process, const struct message *m)
{
    uint64_t label = m->tag & TAG_LABEL_MASK;

    return m->tag & TAG_FAULT || !(label == REPORT_LOG || (label == REPORT_REBOOTED &&
                                                           r->lives->life[process].guest != NULL));
}

void reports_message(struct reports *r, const struct message *m)
{
    if (m->badge == 0 || m->badge > PLAN_PROCESSES_ALL ||
        r->lives->life[m->badge - 1].state != LIFE_RUNNING)
        return;
    unsigned process = (unsigned)m->badge - 1;
    if (process == r->lives->log && report_is_end(r, process, m))
        lines_down(r->lines); /* its end goes to the kernel's log, not to the dead service */
    report_topic(r, process, false);
    if (m->tag & TAG_FAULT)
        report_fault(r, process, m);
    else
        report_handle(r, process, m);
    lines_topic(r->lines, 0, false);
}
