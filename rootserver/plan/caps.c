/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists from the plan which capabilities a process holds: for people, and for a golden file. */
#include <rootserver/plan/plan.h>

#include <inttypes.h>
#include <stdio.h>

#include <rt/calls.h>

static const char *const type_names[] = {
    [OBJ_ENDPOINT] = "Endpoint",
    [OBJ_NOTIFICATION] = "Notification",
    [OBJ_VCPU] = "VCpu",
    [OBJ_IRQ] = "Irq",
};

/* The type of the object in a root slot, from the action that made the object. */
static const char *caps_type_of(const struct plan *plan, uint32_t slot)
{
    for (unsigned i = 0; i < plan->action_count; i++) {
        const struct plan_action *a = &plan->action[i];
        if (a->kind == PLAN_RETYPE && slot >= a->slot && slot - a->slot < a->count &&
            a->type < sizeof type_names / sizeof type_names[0] && type_names[a->type] != NULL)
            return type_names[a->type];
    }
    return "other";
}

static void caps_line_format(const struct plan *plan, const struct plan_action *a, uint32_t slot,
                             char *to, size_t bytes)
{
    static const char letters[] = "RWXGM";
    char rights[sizeof letters];
    uint32_t source = a->slot + (slot - a->index);

    for (unsigned i = 0; i < sizeof letters - 1; i++)
        rights[i] = a->rights >> i & 1 ? letters[i] : '-';
    rights[sizeof letters - 1] = 0;
    if (a->kind == PLAN_MINT)
        snprintf(to, bytes, "%2" PRIu32 " %-12s %s badge %#" PRIx64, slot,
                 caps_type_of(plan, source), rights, a->value);
    else
        snprintf(to, bytes, "%2" PRIu32 " %-12s %s", slot, caps_type_of(plan, source), rights);
}

void plan_list_caps(const struct plan *plan, unsigned process,
                    void (*line)(void *context, const char *text), void *context)
{
    uint32_t cnode = plan->process[process].cnode;

    for (uint32_t slot = 1; slot < plan->process[process].slots.end; slot++) {
        for (unsigned i = 0; i < plan->action_count; i++) {
            const struct plan_action *a = &plan->action[i];
            char text[80];
            if ((a->kind != PLAN_COPY && a->kind != PLAN_MINT && a->kind != PLAN_MOVE) ||
                a->other != cnode || slot < a->index || slot - a->index >= a->count)
                continue;
            caps_line_format(plan, a, slot, text, sizeof text);
            line(context, text);
        }
    }
}
