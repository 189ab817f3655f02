/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one closed set of errors.  A function that can fail returns one of them; its header
 * lists the errors and their causes.  The values are part of the kernel's ABI: a system
 * call returns one of them in a0.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <base/attr.h>

enum err {
    OK = 0,
    ERR_INVALID_ARG = 1,   /* never valid: fix the caller */
    ERR_INVALID_CAP = 2,   /* the slot is empty, out of range, or of another type */
    ERR_NO_RIGHT = 3,      /* the capability lacks a right the call needs */
    ERR_BAD_CALL = 4,      /* no such call or method */
    ERR_NO_MEMORY = 5,     /* the Untyped, arena or pool named is used up */
    ERR_NO_SLOT = 6,       /* the destination slot is not empty */
    ERR_RANGE = 7,         /* address or length outside the object's range */
    ERR_ALIGN = 8,         /* address or size not aligned as the call needs */
    ERR_EXISTS = 9,        /* already mapped, bound or registered */
    ERR_NOT_FOUND = 10,    /* not mapped, bound or registered */
    ERR_STATE = 11,        /* valid at another time, not in this state */
    ERR_BUSY = 12,         /* the object is in use by another thread: try again */
    ERR_AGAIN = 13,        /* stopped half-way at a preemption point: call again */
    ERR_TIMEOUT = 14,      /* the deadline passed */
    ERR_PEER_DIED = 15,    /* the peer that should answer is gone */
    ERR_CANCELLED = 16,    /* an operation on the awaited object ended the wait */
    ERR_NOT_SUPPORTED = 17,/* the hardware or this build lacks it */
    ERR_FORMAT = 18,       /* a file, table or message does not parse */
    ERR_COUNT
};

/* The caller must check a result of type enum err. */
#define MUST_CHECK ATTR_MUST_CHECK enum err

#endif
