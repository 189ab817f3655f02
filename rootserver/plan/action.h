/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a plan: one call of the kernel, or the same call for `count`
 * adjoining slots.  Slots are the root server's own unless it says "in the CNode".
 */
#ifndef ROOTSERVER_PLAN_ACTION_H
#define ROOTSERVER_PLAN_ACTION_H

#include <stdint.h>

enum plan_kind {
    PLAN_RETYPE,    /* Untyped `other` -> `count` objects `type` of 2^bits bytes, from `slot` on */
    PLAN_COPY,      /* `slot`.. -> CNode `other` from `index` on, with `rights` */
    PLAN_MINT,      /* `slot` -> CNode `other` at `index`, with `rights` and badge `value` */
    PLAN_MOVE,      /* `slot`.. -> CNode `other` from `index` on */
    PLAN_DELETE,    /* `slot`.. */
    PLAN_MAP,       /* Frames `slot`.. of 2^bits bytes -> space `other` from address `value` on */
    PLAN_FILL,      /* Frames `slot`.. of 4 KiB: `bytes` bytes of the archive from `offset` on go to
                       byte `value` of the first frame, and on */
    PLAN_RECORD,    /* the start record of `process` goes into Frame `slot` */
    PLAN_CONFIGURE, /* Thread of `process`: CNode, VSpace, fault endpoint, priority `value` */
    PLAN_REGISTER,  /* Thread `slot`: register `index` = `value` */
    PLAN_BIND,      /* Thread `slot` gets Notification `other` */
    PLAN_BIND_VCPU, /* VCpu `slot`: Thread `other`, GSpace `index`, state page `value` */
    PLAN_BIND_IRQ,  /* Irq `slot`: source `index`, Notification `other` */
    PLAN_RESUME,    /* Thread `slot` */
};

struct plan_action {
    uint8_t kind; /* enum plan_kind */
    uint8_t type; /* enum obj_type */
    uint8_t bits;
    uint8_t rights;
    uint16_t process; /* whom it is for: index into struct plan; PLAN_NOBODY */
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
