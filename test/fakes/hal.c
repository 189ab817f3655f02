/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake hart; its TLBs are in hal_tlb.c, its vCPUs in hal_vcpu.c. */
#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS: memory that leak checks do not search */
#include <fakes/hal.h>

#include <fakes/hal_internal.h>
#include <kernel/core/sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct fake_hal fake;

static struct {
    uint8_t *ram;
    struct fake_event log[FAKE_LOG_EVENTS];
    uint64_t event_count, count_of[FAKE_CONSOLE + 1];
    struct fake_event last_of[FAKE_CONSOLE + 1];
    jmp_buf leave;
} machine;

/* ---- the log ----------------------------------------------------------------------- */

void fake_note(enum fake_event_kind kind, uint64_t a, uint64_t b, uint64_t c)
{
    struct fake_event event = { .kind = kind, .word = { a, b, c } };

    machine.log[machine.event_count % FAKE_LOG_EVENTS] = event;
    machine.event_count++;
    machine.count_of[kind]++;
    machine.last_of[kind] = event;
}

uint64_t fake_event_count(void)
{
    return machine.event_count;
}

const struct fake_event *fake_event_at(uint64_t index)
{
    bool is_kept = index < machine.event_count && machine.event_count - index <= FAKE_LOG_EVENTS;

    return is_kept ? &machine.log[index % FAKE_LOG_EVENTS] : NULL;
}

uint64_t fake_event_count_of(enum fake_event_kind kind)
{
    return machine.count_of[kind];
}

const struct fake_event *fake_event_last(enum fake_event_kind kind)
{
    return machine.count_of[kind] != 0 ? &machine.last_of[kind] : NULL;
}

void fake_log_clear(void)
{
    machine.event_count = 0;
    memset(machine.count_of, 0, sizeof(machine.count_of));
}

void fake_bug(const char *what)
{
    fprintf(stderr, "fake hart: %s\n", what);
    abort();
}

/* ---- memory ------------------------------------------------------------------------ */

void fake_reset(void)
{
    if (machine.ram != NULL)
        munmap(machine.ram, FAKE_RAM_BYTES);
    machine.ram = mmap(NULL, FAKE_RAM_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (machine.ram == MAP_FAILED)
        fake_bug("no memory");
    fake = (struct fake_hal){
        .now = 1000,
        .has_sstc = true,
        .vsatp_modes = UINT64_C(0x701), /* Bare, Sv39, Sv48, Sv57 */
        .vspace_ids = 65536,
        .gspace_ids = 16384,
        .timer_deadline = UINT64_MAX,
    };
    fake_tlb_reset();
    fake_log_clear();
}

void *hal_phys_to_virt(hpa_t address)
{
    if (address.raw < FAKE_RAM_START || address.raw - FAKE_RAM_START >= FAKE_RAM_BYTES)
        fake_bug("an access outside its memory");
    return machine.ram + (address.raw - FAKE_RAM_START);
}

hpa_t hal_virt_to_phys(const void *pointer)
{
    return hpa(FAKE_RAM_START + (uint64_t)((const uint8_t *)pointer - machine.ram));
}

/* ---- time and interrupts ------------------------------------------------------------- */

uint64_t hal_time(void)
{
    return fake.now;
}

void hal_timer_arm(uint64_t deadline_ticks)
{
    fake_note(FAKE_TIMER_ARM, deadline_ticks, 0, 0);
    fake.timer_deadline = deadline_ticks;
}

static bool irq_is_deliverable(const struct fake_irq *irq)
{
    return irq->is_enabled && irq->is_pending && !irq->is_claimed;
}

static bool wakes(void)
{
    return fake.now >= fake.timer_deadline || hal_irq_is_pending();
}

bool hal_interrupt_pending(void)
{
    bool is_chosen = fake.preempt_in != 0 && --fake.preempt_in == 0;
    bool is_pending = is_chosen || fake.is_preempting || wakes();

    fake.question_count++;
    fake.preempt_count += is_pending;
    return is_pending;
}

void fake_irq_raise(uint32_t source)
{
    fake.irq[source].is_pending = true;
}

uint32_t hal_irq_count(void)
{
    return FAKE_IRQ_COUNT;
}

static struct fake_irq *irq_at(uint32_t source)
{
    if (source == 0 || source > FAKE_IRQ_COUNT)
        fake_bug("no such interrupt source");
    return &fake.irq[source];
}

void hal_irq_unmask(uint32_t source)
{
    fake_note(FAKE_IRQ_UNMASK, source, 0, 0);
    irq_at(source)->is_enabled = true;
}

void hal_irq_mask(uint32_t source)
{
    fake_note(FAKE_IRQ_MASK, source, 0, 0);
    irq_at(source)->is_enabled = false;
}

bool hal_irq_is_pending(void)
{
    for (uint32_t i = 1; i <= FAKE_IRQ_COUNT; i++) {
        if (irq_is_deliverable(&fake.irq[i]))
            return true;
    }
    return false;
}

uint32_t hal_irq_claim(void)
{
    for (uint32_t i = 1; i <= FAKE_IRQ_COUNT; i++) {
        if (irq_is_deliverable(&fake.irq[i])) {
            fake.irq[i].is_claimed = true;
            fake.irq[i].is_pending = false;
            fake_note(FAKE_IRQ_CLAIM, i, 0, 0);
            return i;
        }
    }
    return 0;
}

/* PLIC specification, "Interrupt Completion": ignored for a source that is not enabled. */
void hal_irq_complete(uint32_t source)
{
    fake_note(FAKE_IRQ_COMPLETE, source, 0, 0);
    if (irq_at(source)->is_enabled)
        irq_at(source)->is_claimed = false;
}

/* ---- floating point -------------------------------------------------------------------- */

void hal_fp_save(struct fp_state *state)
{
    fake_note(FAKE_FP_SAVE, (uint64_t)(uintptr_t)state, 0, 0);
    *state = fake.fp;
    fake.is_fp_dirty = false;
}

void hal_fp_load(const struct fp_state *state)
{
    fake_note(FAKE_FP_LOAD, (uint64_t)(uintptr_t)state, 0, 0);
    fake.fp = *state;
    fake.is_fp_dirty = false;
}

bool hal_fp_is_dirty(void)
{
    return fake.is_fp_dirty;
}

void hal_fp_set_user_access(bool is_allowed)
{
    fake_note(FAKE_FP_ACCESS, is_allowed, 0, 0);
    fake.is_fp_allowed = is_allowed;
}

void fake_fp_write(uint32_t index, uint64_t value)
{
    if (!fake.is_fp_allowed)
        fake_bug("FP registers written without access");
    fake.fp.f[index] = value;
    fake.is_fp_dirty = true;
}

/* ---- leaving the kernel ------------------------------------------------------------------ */

enum fake_left fake_leave(struct hart *hart)
{
    int left = setjmp(machine.leave);

    if (left == 0)
        sched_leave(hart);
    return (enum fake_left)(left - 1);
}

void hal_enter_user(struct user_context *context)
{
    fake_note(FAKE_ENTER_USER, (uint64_t)(uintptr_t)context, 0, 0);
    fake.entered_context = context;
    longjmp(machine.leave, FAKE_LEFT_USER + 1);
}

void hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page)
{
    fake_note(FAKE_ENTER_GUEST, (uint64_t)(uintptr_t)vcpu, (uint64_t)(uintptr_t)page, 0);
    fake.entered_vcpu = vcpu;
    fake.entered_page = page;
    longjmp(machine.leave, FAKE_LEFT_GUEST + 1);
}

void hal_idle(void)
{
    fake_note(FAKE_IDLE, 0, 0, 0);
    if (wakes())
        return;
    if (fake.timer_deadline == UINT64_MAX)
        longjmp(machine.leave, FAKE_LEFT_IDLE + 1);
    fake.now = fake.timer_deadline;
}

/* ---- console and end ----------------------------------------------------------------------- */

void hal_console_write(const char *bytes, size_t count)
{
    fake_note(FAKE_CONSOLE, count, 0, 0);
    for (size_t i = 0; i < count && fake.console_bytes < FAKE_CONSOLE_MAX; i++)
        fake.console[fake.console_bytes++] = bytes[i];
}

void hal_machine_fail(uint16_t code)
{
    fprintf(stderr, "fake hart: the machine fails with %u\n", code);
    abort();
}
