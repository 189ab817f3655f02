/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fakes of all that a machine of the VMM uses, for tests: memory, a console that keeps
 * its output, a clock that stands still, and a vCPU that records each call.
 */
#ifndef TEST_FAKES_VMM_FAKE_H
#define TEST_FAKES_VMM_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/board/machine.h>

#define FAKE_RAM_BYTES     (UINT64_C(16) << 20)
#define FAKE_CONSOLE_BYTES 65536u
#define FAKE_CALLS_MAX     128u
#define FAKE_KERNEL_BYTES  4096u
#define FAKE_INITRD_BYTES  5000u

enum fake_call_kind {
    FAKE_SET_REG,
    FAKE_INJECT,
    FAKE_FENCE,
    FAKE_KICK
};

struct fake_call {
    enum fake_call_kind kind;
    uint32_t hart;
    uint64_t arg[4];
};

struct vmm_fake {
    struct machine machine;
    struct board_config config;
    uint8_t *ram;
    uint8_t *arena;
    uint64_t arena_bytes;
    struct vcpu_page page[GUEST_HARTS_MAX];
    uint8_t kernel[FAKE_KERNEL_BYTES];
    uint8_t initrd[FAKE_INITRD_BYTES];

    uint8_t out[FAKE_CONSOLE_BYTES]; /* by position */
    uint64_t out_position;
    uint64_t out_limit; /* positions below it can be written */
    uint8_t in[FAKE_CONSOLE_BYTES];
    uint64_t in_end;
    uint64_t in_released;

    uint64_t wall_ns;
    uint64_t csr[0x4000];            /* by VCPU_REG_... */
    uint64_t no_such_reg;            /* set_reg of this register returns ERR_NOT_SUPPORTED */
    enum err refusal;                /* unless OK, every vCPU call returns this */
    void (*on_effect)(void *opaque); /* after each effect outside the arena; may be NULL */
    void *on_effect_opaque;
    struct fake_call call[FAKE_CALLS_MAX];
    uint32_t call_count;
};

/* A machine of `hart_count` harts, booted.  Free it with fake_free(). */
struct vmm_fake *fake_new(uint32_t hart_count);
/* A machine of one hart that has a device of the model `name` besides those by default. */
struct vmm_fake *fake_new_with(const char *name);
/* A machine of one hart that leaves out a device that is there by default. */
struct vmm_fake *fake_new_without(const char *name);
void fake_free(struct vmm_fake *fake);

/* Replaces the VMM by a new one over the same arena, RAM and pages, as a restart does. */
void fake_restart(struct vmm_fake *fake, bool *is_taken_over);

/* The first device of the model; there must be one. */
const struct dev_ctx *fake_device(const struct vmm_fake *fake, const char *name);

void fake_type(struct vmm_fake *fake, const char *text);

/* The number of calls of one kind; copies the latest one to *last if there was one. */
uint32_t fake_calls(const struct vmm_fake *fake, enum fake_call_kind kind, struct fake_call *last);
void fake_calls_clear(struct vmm_fake *fake);

/*
 * The work that follows every exit.  Stops the test if a device has left work undone because it
 * did not call dev_is_due().
 */
void fake_settle(struct vmm_fake *fake, uint32_t hart);

/* The same after a signal: the console may have input or room, and time may have passed. */
void fake_signal(struct vmm_fake *fake, uint32_t hart);

/* Does one bus access in its own transaction, then the work that follows every exit. */
enum err fake_read(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t *value);
enum err fake_write(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value);
/* The same for an access that has to succeed. */
uint64_t fake_get(struct vmm_fake *fake, uint64_t gpa, uint32_t width);
void fake_put(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value);
/* The same, but the VMM dies before the commit, and a new VMM takes over. */
void fake_put_undone(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value);

/* Has the interrupt controller a request of this source? */
bool fake_irq_is_pending(struct vmm_fake *fake, uint32_t source);

#endif
