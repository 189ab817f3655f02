/* SPDX-License-Identifier: BSD-2-Clause */
/* The console service: the UART, its interrupt, and a region shared with each guest. */
#include <rootserver/plan/build.h>

#include <proto/console.h>
#include <proto/console_start.h>

/* The shared memory belongs to the root server, so that either side can be restarted. */
void build_regions(struct build *b)
{
    b->plan->control = build_own_objects(b, OBJ_FRAME, 12, CONSOLE_CONTROL_BYTES / 4096);
    for (unsigned i = 0; i < b->in->system->guest_count; i++)
        b->plan->region[i] = build_own_objects(b, OBJ_FRAME, 12, CONSOLE_REGION_BYTES / 4096);
}

static void console_regions_share(struct build *b, struct plan_process *p)
{
    struct build_frames control = {b->plan->control, CONSOLE_CONTROL_BYTES / 4096, 12};

    build_share(b, control, p, plan_region_address(GUESTS_MAX), RIGHT_READ | RIGHT_WRITE);
    for (unsigned i = 0; i < b->in->system->guest_count; i++) {
        struct build_frames region = {b->plan->region[i], CONSOLE_REGION_BYTES / 4096, 12};
        build_share(b, region, p, plan_region_address(i), RIGHT_READ | RIGHT_WRITE);
    }
}

/* Gives the service the UART's registers, its interrupt source, and the notification bit that the
 * interrupt sets. */
static void console_uart_give(struct build *b, struct plan_process *p)
{
    const struct machine_config *m = b->in->machine;

    if (b->plan->uart == 0) {
        build_fail(b, ERR_NOT_FOUND, "the registers of the machine's UART cannot be mapped");
        return;
    }
    build_share(b, (struct build_frames){b->plan->uart, 1, 12}, p, LAYOUT_DEVICE,
                RIGHT_READ | RIGHT_WRITE);
    uint32_t irq = build_object(b, p->untyped[0], OBJ_IRQ, IRQ_BITS_MIN);
    uint32_t badged = build_slots(b, 1);
    build_mint(b, p->wake, BOOT_SLOT_CNODE, badged, RIGHT_WRITE, CONSOLE_BIT_UART);
    build_emit(
        b,
        (struct plan_action){
            .kind = PLAN_BIND_IRQ, .count = 1, .slot = irq, .other = badged, .index = m->uart.irq});
    build_copy(b, irq, 1, p->cnode, CONSOLE_SLOT_IRQ, RIGHT_WRITE);
}

void build_console(struct build *b, const struct system_service *service)
{
    struct build_program program;

    if (service->is_bad) {
        build_fail(b, ERR_FORMAT, "%s", service->problem.text);
        return;
    }
    if (!b->in->machine->uart.is_there) {
        build_fail(b, ERR_NOT_FOUND, "the machine's device tree has no usable ns16550a");
        return;
    }
    build_program_open(b, service->program, &program);
    if (b->err != OK)
        return;
    unsigned extra = CONSOLE_CONTROL_BYTES / 4096 +
                     b->in->system->guest_count * (CONSOLE_REGION_BYTES / 4096) + 1;
    struct plan_process *p = build_process(b, "console", PLAN_ROLE_CONSOLE, &program, extra, 0);
    console_regions_share(b, p);
    console_uart_give(b, p);
    b->plan->console_bell = build_slots(b, 1);
    build_mint(b, p->wake, BOOT_SLOT_CNODE, b->plan->console_bell, RIGHT_WRITE,
               CONSOLE_BIT_CONTROL);
    build_mint(b, b->plan->notification, p->cnode, CONSOLE_SLOT_ROOT, RIGHT_WRITE, 1);
    build_process_end(b, p, &program, PLAN_PRIORITY_SERVICE);
}
