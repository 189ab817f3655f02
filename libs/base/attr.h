/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiler attributes in use, with one spelling each. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define ATTR_MUST_CHECK __attribute__((warn_unused_result))
#define ATTR_NORETURN   __attribute__((noreturn))
#define ATTR_NOINLINE   __attribute__((noinline))
#define ATTR_UNUSED     __attribute__((unused))
#define ATTR_PRINTF(f, a) __attribute__((format(printf, f, a)))

#endif
