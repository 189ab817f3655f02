/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds files in the boot archive (docs/boot-archive.md).
 *
 * The archive is hostile, but does not change while it is read.  A walk checks each
 * entry by rules 1 to 6 of that page, and stops at the first entry that breaks a rule.
 * Every entry takes at least 112 bytes, so the walk ends.
 */
#ifndef CPIO_CPIO_H
#define CPIO_CPIO_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define CPIO_NAME_BYTES 256 /* the longest name with its zero byte */
#define CPIO_DATA_ALIGN 4096
#define CPIO_FILES_MAX  1024

struct cpio_file {
    const char *name; /* inside the archive; ends with a zero byte inside it */
    uint64_t offset;  /* of the data in the archive; a multiple of CPIO_DATA_ALIGN */
    uint64_t bytes;
};

/*
 * Reads the entry at *cursor (0 at first) and moves *cursor to the next entry.
 * On failure *cursor and *out are untouched.
 *   ERR_NOT_FOUND  the trailer: no more files
 *   ERR_FORMAT     the entry breaks a rule of 1 to 6 of docs/boot-archive.md, or there is no
 *                  trailer; duplicate names are not found
 */
MUST_CHECK cpio_next(const void *archive, size_t bytes, uint64_t *cursor, struct cpio_file *out);

/*
 * Finds the file called `name`.  Entries up to it are checked, later ones are
 * not.  On failure *out is untouched.
 *   ERR_NOT_FOUND  the archive is well-formed and has no such file
 *   ERR_FORMAT     as for cpio_next()
 */
MUST_CHECK cpio_find(const void *archive, size_t bytes, const char *name, struct cpio_file *out);

/*
 * Checks the whole archive, duplicate names included.
 *   ERR_FORMAT     the archive breaks a rule of docs/boot-archive.md
 *   ERR_EXISTS     a name occurs twice
 *   ERR_RANGE      more than CPIO_FILES_MAX files
 */
MUST_CHECK cpio_check(const void *archive, size_t bytes, unsigned *file_count);

#endif
