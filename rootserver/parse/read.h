/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads checked values out of the compiled configuration.  Results are untouched on failure. */
#ifndef ROOTSERVER_PARSE_READ_H
#define ROOTSERVER_PARSE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>

/* A string property, whose only zero byte must be its last.  ERR_NOT_FOUND: there is no such
 * property.  ERR_FORMAT: no string, or more than `most` bytes with the zero byte. */
MUST_CHECK read_string(const void *fdt, int node, const char *name, char *out, size_t most);

/* A number of 4 or 8 bytes.  ERR_NOT_FOUND, and ERR_FORMAT: another size, or above `most`. */
MUST_CHECK read_number(const void *fdt, int node, const char *name, unsigned bytes, uint64_t most,
                       uint64_t *out);
/* The same; `otherwise` when there is no such property. */
MUST_CHECK read_u32(const void *fdt, int node, const char *name, uint32_t most, uint32_t otherwise,
                    uint32_t *out);
MUST_CHECK read_u64(const void *fdt, int node, const char *name, uint64_t most, uint64_t otherwise,
                    uint64_t *out);

/*
 * A list of strings into rows of `row_bytes` bytes.  Without the property *count is 0.
 *   ERR_FORMAT  no strings, a string that is too long, or more than `most` strings
 */
MUST_CHECK read_list(const void *fdt, int node, const char *name, char *out, size_t row_bytes,
                     unsigned most, unsigned *count);

/* Is the property there? */
bool read_flag(const void *fdt, int node, const char *name);

/* The name of a node: 1 to NAME_BYTES - 1 characters from [a-z0-9-]. */
MUST_CHECK read_name(const void *fdt, int node, char out[NAME_BYTES]);

/* A subnode.  ERR_NOT_FOUND. */
MUST_CHECK read_subnode(const void *fdt, int node, const char *name, int *out);

#endif
