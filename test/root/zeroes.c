/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is reused for an object is zeroed in every byte: a page with one byte set, each byte
 * in turn, is freed and made again.  Prints
 *
 *   zeroes: N pages were                         zeroes: FAILED
 */
#include "root.h"

#define PAGE_AT UINT64_C(0x2000000000) /* nothing else is mapped here */

enum { SLOT_MEMORY = SLOT_SERVER, SLOT_PAGE = SLOT_ENDPOINT };

static void page_make(void)
{
    must(untyped_retype(cap(SLOT_MEMORY), OBJ_FRAME, FRAME_BITS_MIN, cap_at(BOOT_SLOT_CNODE),
                        cap(SLOT_PAGE).slot, 1));
    must(frame_map(cap(SLOT_PAGE), cap_at(BOOT_SLOT_VSPACE), PAGE_AT, RIGHTS_RW));
}

static void page_end(void)
{
    must(cnode_delete(cap_at(BOOT_SLOT_CNODE), cap(SLOT_PAGE).slot));
}

static void check_zero(void)
{
    const volatile uint64_t *word = (const volatile uint64_t *)PAGE_AT;

    for (uint64_t i = 0; i < 4096 / sizeof(*word); i++) {
        if (word[i] != 0) {
            put_string("zeroes: FAILED\n");
            root_end();
        }
    }
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    root_start(boot);
    make(OBJ_UNTYPED, 12, SLOT_MEMORY);
    for (uint64_t at = 0; at < 4096; at++) {
        page_make();
        check_zero();
        ((volatile uint8_t *)PAGE_AT)[at] = (uint8_t)(1u << at % 8);
        page_end();
    }
    page_make();
    check_zero();
    put_string("zeroes: 4097 pages were\n");
    root_end();
}
