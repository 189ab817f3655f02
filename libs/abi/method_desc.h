/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of the kernel's decode table (abi/decode.h, generated).  The dispatcher uses
 * it to check a call before its handler runs, without any change of state:
 *
 *   1. the number names a call or a method           else ERR_BAD_CALL
 *   2. a0 names a capability of type `cap_type`      else ERR_INVALID_CAP
 *   3. that capability has all of `rights`           else ERR_NO_RIGHT
 *   4. each argument with `cap_types` names a capability of one of those types
 *      (slot 0 passes when `is_optional`)            else ERR_INVALID_CAP
 *   5. that argument has all of `cap_rights`         else ERR_NO_RIGHT
 *
 * For CALL_INVOKE steps 1 to 3 use the method of a0's object type that a1 names.  The
 * handler checks everything else (ranges, states).
 */
#ifndef ABI_METHOD_DESC_H
#define ABI_METHOD_DESC_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

#define ABI_ARG_MAX    6

struct invocation; /* of the kernel: arguments, capabilities, results */

struct arg_desc {
    uint16_t cap_types; /* OR of OBJ_MASK(type); 0: a plain number */
    uint8_t cap_rights; /* rights that the capability must have */
    bool is_optional;   /* slot 0 stands for no capability */
};

struct method_desc {
    enum err (*handler)(struct invocation *inv); /* null: no such call or method */
    uint8_t cap_type;     /* of a call: enum obj_type of a0's capability; OBJ_NONE: not read */
    uint8_t rights;       /* rights that a0's capability must have */
    uint8_t arg_count;
    uint8_t result_count;
    bool is_message;      /* registers as for a message: tag, words, slots */
    struct arg_desc arg[ABI_ARG_MAX];
};

struct object_desc {
    const char *name;
    const struct method_desc *methods; /* by method number */
    uint64_t size_bits_mask;           /* bit n: retype can make it with 2^n bytes */
    uint8_t method_count;
};

#endif
