/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm_fake.h"

#include <stdlib.h>
#include <string.h>

#include <vmm/boot/isa.h>

#define FAKE_PLIC_PENDING UINT64_C(0xc001000)

/* Not an assertion of Check: programs without Check use the fake too. */
static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void effect(const struct vmm_fake *fake)
{
    if (fake->on_effect)
        fake->on_effect(fake->on_effect_opaque);
}

/* ---- Console ---- */

static size_t port_room(void *opaque, uint64_t position)
{
    const struct vmm_fake *fake = opaque;
    return position < fake->out_limit ? (size_t)(fake->out_limit - position) : 0;
}

static void port_put(void *opaque, uint64_t position, const uint8_t *bytes, size_t count)
{
    struct vmm_fake *fake = opaque;
    must(position <= fake->out_position); /* the stream has no gap */
    must(position + count <= fake->out_limit);
    memcpy(fake->out + position, bytes, count);
    if (position + count > fake->out_position)
        fake->out_position = position + count;
    effect(fake);
}

static size_t port_peek(void *opaque, uint64_t position, uint8_t *bytes, size_t count)
{
    struct vmm_fake *fake = opaque;
    must(position >= fake->in_released); /* released bytes cannot be read again */
    if (position >= fake->in_end)
        return 0;
    if (count > fake->in_end - position)
        count = (size_t)(fake->in_end - position);
    memcpy(bytes, fake->in + position, count);
    return count;
}

static void port_release(void *opaque, uint64_t position)
{
    struct vmm_fake *fake = opaque;
    must(position <= fake->in_end);
    fake->in_released = position;
    effect(fake);
}

void fake_type(struct vmm_fake *fake, const char *text)
{
    size_t count = strlen(text);
    memcpy(fake->in + fake->in_end, text, count);
    fake->in_end += count;
    machine_all_due(&fake->machine); /* the console has signalled */
}

/* ---- vCPU ---- */

static enum err note(struct vmm_fake *fake, struct fake_call call)
{
    if (fake->refusal)
        return fake->refusal;
    if (fake->call_count < FAKE_CALLS_MAX)
        fake->call[fake->call_count++] = call;
    if (call.kind != FAKE_INJECT)
        effect(fake);
    return OK;
}

static enum err ops_get_reg(void *opaque, uint32_t hart, uint64_t reg, uint64_t *value)
{
    struct vmm_fake *fake = opaque;
    (void)hart;
    if (fake->refusal)
        return fake->refusal;
    *value = fake->csr[reg];
    return OK;
}

static enum err ops_set_reg(void *opaque, uint32_t hart, uint64_t reg, uint64_t value)
{
    struct vmm_fake *fake = opaque;
    if (reg == fake->no_such_reg)
        return ERR_NOT_SUPPORTED;
    fake->csr[reg] = value;
    return note(fake, (struct fake_call){FAKE_SET_REG, hart, {reg, value}});
}

static enum err ops_inject(void *opaque, uint32_t hart, uint64_t cause, uint64_t tval)
{
    struct vmm_fake *fake = opaque;
    enum err err = note(fake, (struct fake_call){FAKE_INJECT, hart, {cause, tval}});
    if (!err)
        fake->page[hart].pc = fake->csr[VCPU_REG_CSR(0x105)];
    effect(fake);
    return err;
}

static enum err ops_fence(void *opaque, uint32_t hart, enum vcpu_ops_fence kind, uint64_t address,
                          uint64_t size_bytes, uint64_t asid)
{
    return note(opaque, (struct fake_call){FAKE_FENCE, hart, {kind, address, size_bytes, asid}});
}

static void ops_kick(void *opaque, uint32_t hart)
{
    must(note(opaque, (struct fake_call){FAKE_KICK, hart, {0}}) == OK);
}

uint32_t fake_calls(const struct vmm_fake *fake, enum fake_call_kind kind, struct fake_call *last)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake->call_count; i++) {
        if (fake->call[i].kind != kind)
            continue;
        count++;
        if (last)
            *last = fake->call[i];
    }
    return count;
}

void fake_calls_clear(struct vmm_fake *fake)
{
    fake->call_count = 0;
}

/* ---- The machine ---- */

static uint64_t clock_wall_ns(void *opaque)
{
    const struct vmm_fake *fake = opaque;
    return fake->wall_ns;
}

/* Ticks at 10 MHz, the frequency in the machine's configuration. */
static uint64_t clock_time_ticks(void *opaque)
{
    const struct vmm_fake *fake = opaque;
    return fake->wall_ns / 100;
}

static void kernel_make(struct vmm_fake *fake)
{
    static const uint8_t magic[] = {'R', 'S', 'C', 5};

    for (uint32_t i = 0; i < FAKE_KERNEL_BYTES; i++)
        fake->kernel[i] = (uint8_t)(i * 7 + 1);
    memset(fake->kernel, 0, 64);
    fake->kernel[10] = 0x20; /* text_offset 0x200000 */
    fake->kernel[17] = 0x40; /* image_size 0x4000 */
    memcpy(fake->kernel + 56, magic, sizeof magic);
    memset(fake->initrd, 0x5a, sizeof fake->initrd);
}

static struct board_config fake_config(struct vmm_fake *fake, uint32_t hart_count)
{
    struct board_config config = {
        .ram = {GUEST_RAM_GPA, FAKE_RAM_BYTES, fake->ram},
        .hart_count = hart_count,
        .satp_mode = ISA_SATP_SV39,
        .timebase_hz = 10000000,
        .kernel = fake->kernel,
        .kernel_bytes = FAKE_KERNEL_BYTES,
        .initrd = fake->initrd,
        .initrd_bytes = FAKE_INITRD_BYTES,
        .bootargs = "console=ttyS0",
        .rng_seed = {1, 2, 3},
        .vcpu = {fake, ops_get_reg, ops_set_reg, ops_inject, ops_fence, ops_kick},
        .clock_opaque = fake,
        .wall_ns = clock_wall_ns,
        .time_ticks = clock_time_ticks,
    };

    for (uint32_t hart = 0; hart < hart_count; hart++)
        config.page[hart] = &fake->page[hart];
    must(board_start(&config) == OK);
    return config;
}

static struct vmm_fake *fake_make(uint32_t hart_count)
{
    struct vmm_fake *fake = calloc(1, sizeof *fake);

    kernel_make(fake);
    fake->ram = calloc(1, FAKE_RAM_BYTES);
    fake->out_limit = FAKE_CONSOLE_BYTES;
    fake->wall_ns = UINT64_C(1700000000000000000);
    fake->config = fake_config(fake, hart_count);
    return fake;
}

static struct vmm_fake *fake_boot(struct vmm_fake *fake)
{
    bool is_taken_over = true;

    fake->arena_bytes = machine_arena_bytes(&fake->config);
    must(fake->arena_bytes != 0);
    fake->arena = aligned_alloc(64, (fake->arena_bytes + 63) & ~UINT64_C(63));
    memset(fake->arena, 0xa5, fake->arena_bytes);
    memset(fake->arena, 0, sizeof(struct arena_root)); /* no VMM has made an arena here */
    fake_restart(fake, &is_taken_over);
    must(!is_taken_over);
    must(machine_boot(&fake->machine) == OK);
    return fake;
}

static void fake_console_connect(struct vmm_fake *fake)
{
    const struct stream_port port = {fake,     NULL,      port_room,
                                     port_put, port_peek, port_release};

    must(board_connect(&fake->config, "uart16550", &port) == OK);
}

struct vmm_fake *fake_new(uint32_t hart_count)
{
    struct vmm_fake *fake = fake_make(hart_count);

    must(board_add_defaults(&fake->config) == OK);
    fake_console_connect(fake);
    return fake_boot(fake);
}

struct vmm_fake *fake_new_with(const char *name)
{
    struct vmm_fake *fake = fake_make(1);

    must(board_add_defaults(&fake->config) == OK && board_add(&fake->config, name) == OK);
    fake_console_connect(fake);
    return fake_boot(fake);
}

struct vmm_fake *fake_new_without(const char *name)
{
    struct vmm_fake *fake = fake_make(1);

    for (const struct dev_model *const *model = dev_models; *model; model++)
        if ((*model)->presence == DEV_BY_DEFAULT && strcmp((*model)->name, name) != 0)
            must(board_add(&fake->config, (*model)->name) == OK);
    if (strcmp(name, "uart16550") != 0)
        fake_console_connect(fake);
    return fake_boot(fake);
}

const struct dev_ctx *fake_device(const struct vmm_fake *fake, const char *name)
{
    for (uint32_t i = 0; i < fake->machine.config.device_count; i++)
        if (strcmp(fake->machine.dev[i].model->name, name) == 0)
            return &fake->machine.dev[i];
    abort();
}

void fake_restart(struct vmm_fake *fake, bool *is_taken_over)
{
    must(machine_init(&fake->machine, &fake->config, fake->arena, fake->arena_bytes,
                      is_taken_over) == OK);
}

void fake_free(struct vmm_fake *fake)
{
    free(fake->ram);
    free(fake->arena);
    free(fake);
}

/* All that machine_settle() leaves undone, when it does not know of any change. */
static void settled_check(struct vmm_fake *fake, uint32_t hart)
{
    struct machine *machine = &fake->machine;
    uint64_t bytes = machine->arena.data_end - machine->arena.data_offset;
    uint64_t out = fake->out_position, in = fake->in_released, irq = fake->page[hart].irq;
    uint8_t *sections = fake->arena + machine->arena.data_offset, *before = malloc(bytes);

    memcpy(before, sections, bytes);
    machine_notify(machine, UINT32_MAX);
    machine_sync_irq(machine, hart);
    must(memcmp(before, sections, bytes) == 0);
    must(out == fake->out_position && in == fake->in_released && irq == fake->page[hart].irq);
    must(machine->deadline_ticks == machine_deadline_ticks(machine));
    machine->host.due = 0;
    free(before);
}

void fake_settle(struct vmm_fake *fake, uint32_t hart)
{
    machine_settle(&fake->machine, hart);
    settled_check(fake, hart);
}

void fake_signal(struct vmm_fake *fake, uint32_t hart)
{
    machine_all_due(&fake->machine);
    fake_settle(fake, hart);
}

enum err fake_read(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t *value)
{
    log_begin(&fake->machine.log);
    enum err err = bus_read(&fake->machine.bus, gpa, width, value);
    log_commit(&fake->machine.log);
    fake_settle(fake, 0);
    return err;
}

enum err fake_write(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value)
{
    log_begin(&fake->machine.log);
    enum err err = bus_write(&fake->machine.bus, gpa, width, value);
    log_commit(&fake->machine.log);
    fake_settle(fake, 0);
    return err;
}

uint64_t fake_get(struct vmm_fake *fake, uint64_t gpa, uint32_t width)
{
    uint64_t value = 0;
    must(fake_read(fake, gpa, width, &value) == OK);
    return value;
}

void fake_put(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value)
{
    must(fake_write(fake, gpa, width, value) == OK);
}

void fake_put_undone(struct vmm_fake *fake, uint64_t gpa, uint32_t width, uint64_t value)
{
    bool is_taken_over = false;

    log_begin(&fake->machine.log);
    must(bus_write(&fake->machine.bus, gpa, width, value) == OK);
    fake_restart(fake, &is_taken_over);
    must(is_taken_over);
    fake_settle(fake, 0);
}

bool fake_irq_is_pending(struct vmm_fake *fake, uint32_t source)
{
    return fake_get(fake, FAKE_PLIC_PENDING + 4 * (source / 32), 4) >> source % 32 & 1;
}
