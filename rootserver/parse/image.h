/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks a guest's kernel image, so that a wrong file is reported before a VMM is started. */
#ifndef ROOTSERVER_PARSE_IMAGE_H
#define ROOTSERVER_PARSE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <rootserver/parse/problem.h>

/*
 * Checks the kernel of a guest with `memory_bytes` of RAM.
 *   ERR_FORMAT  payload_open() does not accept the image
 *   ERR_RANGE   larger than the memory, or linked outside it
 */
MUST_CHECK image_check(const void *image, size_t bytes, uint64_t memory_bytes,
                       struct problem *problem);

#endif
