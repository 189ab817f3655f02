/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/read.h>

#include <string.h>

#include <libfdt.h>

MUST_CHECK read_string(const void *fdt, int node, const char *name, char *out, size_t most)
{
    int length;
    const char *value = fdt_getprop(fdt, node, name, &length);

    if (value == NULL)
        return ERR_NOT_FOUND;
    if (length < 1 || (size_t)length > most ||
        memchr(value, 0, (size_t)length) != value + length - 1)
        return ERR_FORMAT;
    memcpy(out, value, (size_t)length);
    return OK;
}

MUST_CHECK read_number(const void *fdt, int node, const char *name, unsigned bytes, uint64_t most,
                       uint64_t *out)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, name, &length);
    uint64_t number = 0;

    if (value == NULL)
        return ERR_NOT_FOUND;
    if (length != (int)bytes)
        return ERR_FORMAT;
    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | value[i];
    if (number > most)
        return ERR_FORMAT;
    *out = number;
    return OK;
}

MUST_CHECK read_u32(const void *fdt, int node, const char *name, uint32_t most, uint32_t otherwise,
                    uint32_t *out)
{
    uint64_t number = otherwise;
    enum err err = read_number(fdt, node, name, 4, most, &number);

    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    *out = (uint32_t)number;
    return OK;
}

MUST_CHECK read_u64(const void *fdt, int node, const char *name, uint64_t most, uint64_t otherwise,
                    uint64_t *out)
{
    uint64_t number = otherwise;
    enum err err = read_number(fdt, node, name, 8, most, &number);

    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    *out = number;
    return OK;
}

MUST_CHECK read_list(const void *fdt, int node, const char *name, char *out, size_t row_bytes,
                     unsigned most, unsigned *count)
{
    int length;
    const char *value = fdt_getprop(fdt, node, name, &length);
    unsigned rows = 0;

    if (value == NULL)
        length = 0;
    if (length > 0 && value[length - 1] != 0)
        return ERR_FORMAT;
    for (int at = 0; at < length; rows++) {
        size_t bytes = strlen(value + at) + 1;
        if (rows == most || bytes > row_bytes || bytes == 1)
            return ERR_FORMAT;
        memcpy(out + rows * row_bytes, value + at, bytes);
        at += (int)bytes;
    }
    *count = rows;
    return OK;
}

bool read_flag(const void *fdt, int node, const char *name)
{
    return fdt_getprop(fdt, node, name, NULL) != NULL;
}

MUST_CHECK read_name(const void *fdt, int node, char out[NAME_BYTES])
{
    int length;
    const char *name = fdt_get_name(fdt, node, &length);

    if (name == NULL || length < 1 || length >= NAME_BYTES)
        return ERR_FORMAT;
    for (int i = 0; i < length; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return ERR_FORMAT;
    }
    memcpy(out, name, (size_t)length + 1);
    return OK;
}

MUST_CHECK read_subnode(const void *fdt, int node, const char *name, int *out)
{
    int found = fdt_subnode_offset(fdt, node, name);

    if (found < 0)
        return ERR_NOT_FOUND;
    *out = found;
    return OK;
}
