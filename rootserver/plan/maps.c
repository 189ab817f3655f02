/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists from the plan which address ranges a process and its guest can access: for people, and for
 * a golden file. */
#include <rootserver/plan/plan.h>

#include <inttypes.h>
#include <stdio.h>

#include <rt/calls.h>

static uint64_t maps_action_bytes(const struct plan_action *a)
{
    return (uint64_t)a->count << a->bits;
}

/* The mapping of `space` with the least address that is not below `from`, or NULL. */
static const struct plan_action *maps_next_map(const struct plan *plan, uint32_t space,
                                               uint64_t from)
{
    const struct plan_action *next = NULL;

    for (unsigned i = 0; i < plan->action_count; i++) {
        const struct plan_action *a = &plan->action[i];
        if (a->kind == PLAN_MAP && a->other == space && a->value >= from &&
            (next == NULL || a->value < next->value))
            next = a;
    }
    return next;
}

static void maps_space_list(const struct plan *plan, const char *name, uint32_t space,
                            void (*line)(void *context, const char *text), void *context)
{
    const struct plan_action *a = maps_next_map(plan, space, 0);

    while (a != NULL) {
        uint64_t end = a->value + maps_action_bytes(a);
        const struct plan_action *b = maps_next_map(plan, space, end);
        for (; b != NULL && b->value == end && b->rights == a->rights;
             b = maps_next_map(plan, space, end))
            end += maps_action_bytes(b);
        char text[80];
        snprintf(text, sizeof text, "%s %#" PRIx64 " to %#" PRIx64 " %c%c%c", name, a->value, end,
                 a->rights & RIGHT_READ ? 'R' : '-', a->rights & RIGHT_WRITE ? 'W' : '-',
                 a->rights & RIGHT_EXEC ? 'X' : '-');
        line(context, text);
        a = b;
    }
}

void plan_list_maps(const struct plan *plan, unsigned process,
                    void (*line)(void *context, const char *text), void *context)
{
    maps_space_list(plan, "process", plan->process[process].vspace, line, context);
    if (plan_process_is_vmm(process))
        maps_space_list(plan, "guest", plan->guest[plan_process_owner(process)].gspace, line,
                        context);
}
