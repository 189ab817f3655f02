/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of GLib's interface that qemu-plugin.h mentions and `count.c` calls, so that building
 * a plugin needs no GLib headers.  The layouts are GLib's public ones; QEMU, which loads the
 * plugin, is linked with the functions.
 */
#ifndef BENCH_GLIB_H
#define BENCH_GLIB_H

typedef struct {
    char *data;
    unsigned len; /* elements */
} GArray;

typedef struct {
    unsigned char *data;
    unsigned len; /* bytes */
} GByteArray;

GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned length);
char *g_array_free(GArray *array, int free_segment);

#endif
