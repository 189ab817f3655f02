/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies from and to memory that can vanish: the memory of a client.
 *
 * The root server unmaps a client's memory from a service at any moment, also in the middle of a
 * copy.  A load or store that then faults inside the routines of this header does not end the
 * process: the kernel continues the thread at the routine's second exit (vspace_recover), and the
 * copy returns an error.  The root server registers the routines' range of code when it makes the
 * process; the program file names the range in a note (libs/elf/elf.h).
 *
 * A fault on the process's own side of the copy is a fault of the process, and so is a fault in
 * every other code.  So a process that reads a client's memory with other code dies when that
 * memory is unmapped.  Rings and info pages need no copy routine: they belong to the root server
 * and do not vanish.
 */
#ifndef RT_RT_ACCESS_H
#define RT_RT_ACCESS_H

#include <stddef.h>

#include <base/err.h>

/*
 * Copies `bytes` bytes, which do not overlap, at any alignment.  Each byte of the client's memory
 * is used once; the client can change it meanwhile, so check the copy and not the original.
 * Threads of a process can copy at the same time.
 *   ERR_PEER_DIED  a page of the client's memory is not mapped, or not writable (rt_copy_out):
 *                  any part of the bytes may have been copied, and nothing beyond them
 */
MUST_CHECK rt_copy_in(void *to, const void *client, size_t bytes);
MUST_CHECK rt_copy_out(void *client, const void *from, size_t bytes);

/* The range and its second exit, for a process that registers them itself. */
extern const char rt_access_start[], rt_access_end[], rt_access_exit[];

#endif
