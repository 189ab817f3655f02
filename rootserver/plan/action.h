/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a plan: one kernel call, or the same call for `count` adjoining
 * slots.  Slots are in the root server's CNode unless the comment names CNode
 * `other`.
 */
#ifndef ROOTSERVER_PLAN_ACTION_H
#define ROOTSERVER_PLAN_ACTION_H

#include <stdint.h>

enum plan_kind {
    PLAN_RETYPE,    /* Untyped `other` -> `count` objects `type` of 2^bits bytes in `slot`.. */
    PLAN_COPY,      /* `slot`.. -> CNode `other` at `index`.., with `rights` */
    PLAN_MINT,      /* `slot` -> CNode `other` at `index`, with `rights` and badge `value` */
    PLAN_MOVE,      /* `slot`.. -> CNode `other` at `index`.. */
    PLAN_DELETE,    /* `slot`.. */
    PLAN_MAP,       /* Frames `slot`.. of 2^bits bytes -> space `other` at address `value`.. */
    PLAN_FILL,      /* Frames `slot`.. of 4 KiB: `bytes` bytes of the archive at `offset` are copied
                       to the frames, from byte `value` of the first frame on */
    PLAN_RECORD,    /* the start record of `process` is written into Frame `slot` */
    PLAN_CONFIGURE, /* Thread of `process`: CNode, VSpace, fault endpoint, priority `value` */
    PLAN_REGISTER,  /* Thread `slot`: register `index` = `value` */
    PLAN_BIND,      /* Thread `slot` gets Notification `other` */
    PLAN_BIND_VCPU, /* VCpu `slot`: Thread `other`, GSpace `index`, state page `value` */
    PLAN_BIND_IRQ,  /* Irq `slot`: source `index`, Notification `other` */
    PLAN_RECOVER,   /* VSpace `slot`: recovery range of `bytes` bytes at `value`, exit `offset` */
    PLAN_RESUME,    /* Thread `slot` */
};

struct plan_action {
    uint8_t kind; /* enum plan_kind */
    uint8_t type; /* enum obj_type */
    uint8_t bits;
    uint8_t rights;
    uint16_t process; /* index into struct plan, or PLAN_NOBODY: for the root server itself */
    uint16_t count;
    uint32_t slot;
    uint32_t other;
    uint32_t index;
    uint64_t value;
    uint64_t offset;
    uint64_t bytes;
};

#define PLAN_NOBODY UINT16_MAX

#endif
