/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/supervise.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <proto/report.h>
#include <rootserver/exec/exec.h>
#include <rt/rt.h>

static const char *supervise_cause_name(uint64_t cause)
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

static const char *supervise_failure_name(uint64_t failure)
{
    static const char *const names[] = {
        [REPORT_FAILURE_START_RECORD] = "it cannot read its start record",
        [REPORT_FAILURE_KERNEL] = "the guest's kernel is unusable",
        [REPORT_FAILURE_VCPU] = "a call on its vCPU failed",
        [REPORT_FAILURE_SYSTEM] = "the guest reported a system failure",
        [REPORT_FAILURE_INTERNAL] = "an internal error",
        [REPORT_FAILURE_STOPPED] = "the guest has stopped all of its harts",
    };
    return failure < sizeof names / sizeof names[0] && names[failure] != NULL
               ? names[failure]
               : "for an unknown reason";
}

/* Takes one line from the allowance, after refilling it for the time that has passed. */
static bool supervise_line_is_allowed(struct supervise_line *line)
{
    uint64_t step = rt_timebase_hz() / SUPERVISE_LINES_PER_SECOND, now = rt_time_ticks();
    uint64_t back = (now - line->since_ticks) / step;

    line->since_ticks += back * step;
    line->written = back < line->written ? line->written - (unsigned)back : 0;
    if (line->written >= SUPERVISE_LINES_AT_ONCE)
        return false;
    line->written++;
    return true;
}

/*
 * Sets the topic of the next lines: a process's end, or (`is_log`) a line on behalf of a running
 * process.  Only a line about an end waits for the guest's last output (`about`): a line that
 * waits for a running guest would split the guest's next line.
 */
static void supervise_line_topic(struct supervise *s, unsigned process, bool is_log)
{
    const struct plan_process *p = &s->plan->process[process];

    link_topic(s->link, p->role == PLAN_ROLE_VMM && !is_log ? p->guest + 1 : 0, is_log);
}

/* Prints how many lines of a process were dropped. */
static void supervise_line_report_dropped(struct supervise *s, unsigned process)
{
    struct supervise_line *line = &s->line[process];

    if (line->dropped > 0)
        printf("%s: (%u lines dropped)\n", s->plan->process[process].name, line->dropped);
    line->dropped = 0;
}

/* May a line be written on behalf of `process` now?  Prints first how many lines were dropped. */
static bool supervise_line_begin(struct supervise *s, unsigned process)
{
    struct supervise_line *line = &s->line[process];

    if (!supervise_line_is_allowed(line) || !link_takes_log(s->link)) {
        line->dropped++;
        return false;
    }
    supervise_line_report_dropped(s, process);
    return true;
}

static void supervise_line_end(struct supervise *s, unsigned process)
{
    struct supervise_line *line = &s->line[process];

    supervise_line_topic(s, process, true);
    if (line->length > 0 && supervise_line_begin(s, process))
        printf("%s: %.*s\n", s->plan->process[process].name, (int)line->length, line->text);
    supervise_line_topic(s, process, false);
    line->length = 0;
}

/* Prints a process's text line by line after its name.  Unprintable bytes become '?'. */
static void supervise_line_add(struct supervise *s, unsigned process, const char *text,
                               unsigned bytes)
{
    struct supervise_line *line = &s->line[process];

    for (unsigned i = 0; i < bytes; i++) {
        char c = text[i];
        if (c != '\n' && c != '\r')
            line->text[line->length++] = c >= 32 && c < 127 ? c : '?';
        if (c == '\n' || line->length == sizeof line->text)
            supervise_line_end(s, process);
    }
}

static void supervise_guest_tell_end(struct supervise *s, unsigned guest)
{
    const char *name = s->system->guest[guest].name;

    link_topic(s->link, guest + 1, false);
    if (s->guest[guest] == LIFE_ENDED)
        printf("guest %s powered itself off\n", name);
    else
        printf("guest %s is dead\n", name);
    link_topic(s->link, 0, false);
}

static void supervise_guest_end(struct supervise *s, unsigned guest, enum life life)
{
    s->guest[guest] = life;
    supervise_guest_tell_end(s, guest);
    link_state(s->link, guest, life == LIFE_ENDED ? CONSOLE_STATE_ENDED : CONSOLE_STATE_DEAD);
}

void supervise_tell_ends(struct supervise *s)
{
    for (unsigned i = 0; i < s->system->guest_count; i++) {
        if (s->guest[i] == LIFE_ENDED || s->guest[i] == LIFE_DEAD)
            supervise_guest_tell_end(s, i);
    }
}

void supervise_guest_dead(struct supervise *s, unsigned guest)
{
    supervise_guest_end(s, guest, LIFE_DEAD);
}

static void supervise_process_end(struct supervise *s, unsigned process, enum life life)
{
    const struct plan_process *p = &s->plan->process[process];

    if (s->process[process] != LIFE_RUNNING)
        return;
    s->process[process] = life;
    supervise_line_end(s, process);
    supervise_line_report_dropped(s, process);
    if (p->role == PLAN_ROLE_CONSOLE) {
        link_down(s->link);
        s->link->fault = NULL;
        s->console_is_down = true;
    }
    enum err err = exec_destroy(p);
    if (err != OK)
        printf("%s cannot be destroyed completely: %s\n", p->name, exec_error_name(err));
    if (p->role == PLAN_ROLE_VMM)
        supervise_guest_end(s, p->guest, life);
}

bool supervise_console_failed(struct supervise *s)
{
    const struct plan_process *p = &s->plan->process[s->plan->console];

    if (s->link->fault == NULL || s->process[s->plan->console] != LIFE_RUNNING)
        return false;
    printf("%s %s: it is ended\n", p->name, s->link->fault);
    supervise_process_end(s, s->plan->console, LIFE_DEAD);
    return true;
}

static void supervise_registers_print(const struct plan_process *p)
{
    static const char *const names[32] = {
        "pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };

    for (unsigned i = 0; i < 32; i++) {
        uint64_t value = 0;
        if (thread_get_reg(cap_at(p->thread), i, &value) != OK) {
            printf("  (its registers cannot be read)\n");
            return;
        }
        printf("%s%3s %016" PRIx64 "%s", i % 4 == 0 ? "  " : " ", names[i], value,
               i % 4 == 3 ? "\n" : "");
    }
}

static void supervise_process_fault(struct supervise *s, unsigned process, const struct message *m)
{
    const struct plan_process *p = &s->plan->process[process];

    if (p->role == PLAN_ROLE_CONSOLE)
        link_down(s->link);
    printf("%s faulted: %s (cause %" PRIu64 ", tval %#" PRIx64 ") at pc %#" PRIx64 "\n", p->name,
           supervise_cause_name(m->word[FAULT_CAUSE]), m->word[FAULT_CAUSE], m->word[FAULT_TVAL],
           m->word[FAULT_PC]);
    supervise_registers_print(p);
    supervise_process_end(s, process, LIFE_DEAD);
}

static void supervise_report_log(struct supervise *s, unsigned process, const struct message *m)
{
    char text[REPORT_LOG_BYTES];

    memcpy(text, &m->word[1], sizeof text);
    supervise_line_add(s, process, text,
                       m->word[0] < sizeof text ? (unsigned)m->word[0] : sizeof text);
}

static void supervise_process_report(struct supervise *s, unsigned process, const struct message *m)
{
    const struct plan_process *p = &s->plan->process[process];
    bool is_vmm = p->role == PLAN_ROLE_VMM;
    uint64_t label = m->tag & TAG_LABEL_MASK;

    if (!is_vmm && label != REPORT_LOG)
        link_down(s->link); /* every other report of the console service is its end */

    switch (label) {
    case REPORT_LOG:
        supervise_report_log(s, process, m);
        break;
    case REPORT_REBOOTED:
        supervise_line_topic(s, process, true);
        if (is_vmm && supervise_line_begin(s, process))
            printf("guest %s rebooted (%" PRIu64 ")\n", s->system->guest[p->guest].name,
                   m->word[0]);
        break;
    case REPORT_POWERED_OFF:
        supervise_process_end(s, process, is_vmm ? LIFE_ENDED : LIFE_DEAD);
        break;
    case REPORT_FAILED:
        printf("%s gave up: %s (%" PRIu64 ")\n", p->name, supervise_failure_name(m->word[0]),
               m->word[1]);
        supervise_process_end(s, process, LIFE_DEAD);
        break;
    case REPORT_EXIT:
        printf("%s ended with code %" PRIu64 "\n", p->name, m->word[0]);
        supervise_process_end(s, process, LIFE_DEAD);
        break;
    default:
        printf("%s sent an unknown report (%" PRIu64 ")\n", p->name, label);
        supervise_process_end(s, process, LIFE_DEAD);
        break;
    }
}

void supervise_message(struct supervise *s, const struct message *m)
{
    if (m->badge == 0 || m->badge > s->plan->process_count ||
        s->process[m->badge - 1] != LIFE_RUNNING)
        return;
    unsigned process = (unsigned)m->badge - 1;
    bool is_end = m->tag & TAG_FAULT || (m->tag & TAG_LABEL_MASK) != REPORT_LOG;
    if (is_end && s->plan->process[process].role == PLAN_ROLE_CONSOLE)
        link_down(s->link); /* its end goes to the kernel's log, not to the dead service */
    supervise_line_topic(s, process, false);
    if (m->tag & TAG_FAULT)
        supervise_process_fault(s, process, m);
    else
        supervise_process_report(s, process, m);
    link_topic(s->link, 0, false);
}

unsigned supervise_running(const struct supervise *s)
{
    unsigned running = 0;

    for (unsigned i = 0; i < s->system->guest_count; i++)
        running += s->guest[i] == LIFE_RUNNING;
    return running;
}

bool supervise_ended_well(const struct supervise *s)
{
    for (unsigned i = 0; i < s->system->guest_count; i++) {
        if (s->guest[i] != LIFE_ENDED)
            return false;
    }
    return !s->console_is_down;
}
