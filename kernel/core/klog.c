/* SPDX-License-Identifier: BSD-2-Clause */
/* Klog: the firmware's console as a capability.  It has no state. */
#include <kernel/core/syscall.h>

#define KLOG_BYTES_MAX 40u

enum err klog_write_invoke(struct invocation *inv)
{
    uint64_t length = inv->arg[0];
    char bytes[KLOG_BYTES_MAX];

    if (length == 0 || length > KLOG_BYTES_MAX)
        return ERR_INVALID_ARG;
    for (uint64_t i = 0; i < length; i++)
        bytes[i] = (char)(inv->arg[1 + i / 8] >> (i % 8 * 8));
    hal_console_write(bytes, length);
    return OK;
}
