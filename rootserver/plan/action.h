/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a plan: one kernel call, or the same call for `count` adjoining
 * slots.  Slots are in the root server's CNode unless the comment names another CNode.
 *
 * The root server may look at messages between two actions, and another part may be carried out
 * meanwhile, unless the first of them `is_open`: then it has left something in the scratch slots.
 */
#ifndef ROOTSERVER_PLAN_ACTION_H
#define ROOTSERVER_PLAN_ACTION_H

#include <stdbool.h>
#include <stdint.h>

enum plan_kind {
    PLAN_RETYPE,    /* Untyped `other` -> `count` objects `type` of 2^bits bytes in `slot`.. */
    PLAN_COPY,      /* `slot`.. of CNode `from` (0: the root server's) -> CNode `other` at
                       `index`.., with `rights` */
    PLAN_MINT,      /* `slot` -> CNode `other` at `index`, with `rights` and badge `value` */
    PLAN_MOVE,      /* `slot`.. -> CNode `other` at `index`.. */
    PLAN_MAP,       /* Frames `slot`.. of 2^bits bytes -> space `other` at address `value`.. */
    PLAN_FILL,      /* Frames `slot`.. of 4 KiB: `bytes` bytes of the archive at `offset` are copied
                       to the frames, from byte `value` of the first frame on */
    PLAN_EXTENTS,   /* Frame `slot`: the extents of the RAM of guest `index` are written */
    PLAN_CONFIGURE, /* Thread `slot` of process `index`: CNode, VSpace, fault endpoint, priority
                       `value` */
    PLAN_REGISTER,  /* Thread `slot`: register `index` = `value` */
    PLAN_BIND,      /* Thread `slot` gets Notification `other` */
    PLAN_BIND_VCPU, /* VCpu `slot`: Thread `other`, GSpace `index`, state page `value` */
    PLAN_BIND_IRQ,  /* Irq `slot`: source `index`, Notification `other` */
    PLAN_RECOVER,   /* VSpace `slot`: recovery range of `bytes` at `value`, exit `offset` */
};

struct plan_action {
    uint8_t kind; /* enum plan_kind */
    uint8_t type; /* enum obj_type */
    uint8_t bits;
    uint8_t rights;
    bool is_open;
    uint16_t count;
    uint32_t slot;
    uint32_t from;
    uint32_t other;
    uint32_t index;
    uint64_t value;
    uint64_t offset;
    uint64_t bytes;
};

#endif
