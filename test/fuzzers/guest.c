/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"

static struct {
    struct vmm_fake *fake;
    uint8_t *arena; /* as it is just after the boot */
} made[GUEST_HARTS_MAX + 1];

struct vmm_fake *guest_fresh(uint32_t harts)
{
    struct vmm_fake *fake = made[harts].fake;
    bool is_taken_over = false;

    if (!fake) {
        made[harts].fake = fake = fake_new(harts);
        made[harts].arena = malloc(fake->arena_bytes);
        FUZZ_CHECK(made[harts].arena != NULL);
        memcpy(made[harts].arena, fake->arena, fake->arena_bytes);
    }
    memcpy(fake->arena, made[harts].arena, fake->arena_bytes);
    memset(fake->page, 0, sizeof fake->page);
    memset(fake->csr, 0, sizeof fake->csr);
    fake->out_position = fake->in_end = fake->in_released = 0;
    fake->out_limit = FAKE_CONSOLE_BYTES;
    fake->wall_ns = UINT64_C(1700000000000000000);
    fake->no_such_reg = 0;
    fake->refusal = OK;
    fake_calls_clear(fake);
    fake_restart(fake, &is_taken_over);
    FUZZ_CHECK(is_taken_over);
    return fake;
}

static enum err access_once(struct vmm_fake *fake, struct guest_access *access)
{
    const struct bus *bus = &fake->machine.bus;

    if (access->is_write)
        return bus_write(bus, access->gpa, access->width, access->value);
    return bus_read(bus, access->gpa, access->width, &access->value);
}

enum err guest_do(struct vmm_fake *fake, struct guest_access *access)
{
    static uint8_t before[1 << 16];
    const struct arena *arena = &fake->machine.arena;
    struct log *log = &fake->machine.log;
    uint64_t bytes = fake->arena_bytes - arena->data_offset;
    struct guest_access first = *access;

    FUZZ_CHECK(bytes <= sizeof before);
    memcpy(before, fake->arena + arena->data_offset, bytes);
    log_begin(log);
    enum err err = access_once(fake, &first);
    FUZZ_CHECK(log_rollback(log) == OK);
    FUZZ_CHECK(memcmp(before, fake->arena + arena->data_offset, bytes) == 0);

    log_begin(log);
    FUZZ_CHECK(access_once(fake, access) == err && access->value == first.value);
    log_commit(log);
    if (err)
        FUZZ_CHECK(memcmp(before, fake->arena + arena->data_offset, bytes) == 0);
    return err;
}
