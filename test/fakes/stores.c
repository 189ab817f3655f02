/* SPDX-License-Identifier: BSD-2-Clause */
#include "stores.h"

#include <stdint.h>

void (*stores_before)(const void *at, size_t bytes);

void stores_note(const void *at, size_t bytes)
{
    if (stores_before)
        stores_before(at, bytes);
}

/* ---- The calls that the compiler makes: loads are ignored ------------------------------- */

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *at, size_t bytes);
void __tsan_write_range(void *at, size_t bytes);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *at, size_t bytes)
{
    (void)at, (void)bytes;
}

void __tsan_write_range(void *at, size_t bytes)
{
    stores_note(at, bytes);
}

#define ACCESSES(bytes) \
    void __tsan_read##bytes(void *at); \
    void __tsan_write##bytes(void *at); \
    void __tsan_unaligned_read##bytes(void *at); \
    void __tsan_unaligned_write##bytes(void *at); \
    void __tsan_read##bytes(void *at) \
    { \
        (void)at; \
    } \
    void __tsan_write##bytes(void *at) \
    { \
        stores_note(at, bytes); \
    } \
    void __tsan_unaligned_read##bytes(void *at) \
    { \
        (void)at; \
    } \
    void __tsan_unaligned_write##bytes(void *at) \
    { \
        stores_note(at, bytes); \
    }

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

/* ---- Atomic accesses: the compiler leaves them to these functions ----------------------- */

#define ATOMICS(bits) \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *at, int order); \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at, uint##bits##_t v, int order); \
    uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t *at, uint##bits##_t v, \
                                                  int order); \
    uint##bits##_t __tsan_atomic##bits##_fetch_or(volatile uint##bits##_t *at, uint##bits##_t v, \
                                                  int order); \
    uint##bits##_t __tsan_atomic##bits##_fetch_and(volatile uint##bits##_t *at, \
                                                   uint##bits##_t v, int order); \
    int __tsan_atomic##bits##_compare_exchange_strong( \
        volatile uint##bits##_t *at, uint##bits##_t *old, uint##bits##_t v, int order, int fail); \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *at, int order) \
    { \
        (void)order; \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST); \
    } \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at, uint##bits##_t v, int order) \
    { \
        (void)order; \
        stores_note((const void *)(uintptr_t)at, sizeof v); \
        __atomic_store_n(at, v, __ATOMIC_SEQ_CST); \
    } \
    uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t *at, uint##bits##_t v, \
                                                  int order) \
    { \
        (void)order; \
        stores_note((const void *)(uintptr_t)at, sizeof v); \
        return __atomic_exchange_n(at, v, __ATOMIC_SEQ_CST); \
    } \
    uint##bits##_t __tsan_atomic##bits##_fetch_or(volatile uint##bits##_t *at, uint##bits##_t v, \
                                                  int order) \
    { \
        (void)order; \
        stores_note((const void *)(uintptr_t)at, sizeof v); \
        return __atomic_fetch_or(at, v, __ATOMIC_SEQ_CST); \
    } \
    uint##bits##_t __tsan_atomic##bits##_fetch_and(volatile uint##bits##_t *at, \
                                                   uint##bits##_t v, int order) \
    { \
        (void)order; \
        stores_note((const void *)(uintptr_t)at, sizeof v); \
        return __atomic_fetch_and(at, v, __ATOMIC_SEQ_CST); \
    } \
    int __tsan_atomic##bits##_compare_exchange_strong( \
        volatile uint##bits##_t *at, uint##bits##_t *old, uint##bits##_t v, int order, int fail) \
    { \
        (void)order, (void)fail; \
        stores_note((const void *)(uintptr_t)at, sizeof v); \
        return __atomic_compare_exchange_n(at, old, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }

ATOMICS(8)
ATOMICS(32)
ATOMICS(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    (void)order;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
