/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process finds in its start record (proto/process_start.h), in the types of its users:
 * devices and memory of a service, and the connections that a process uses as a client.  The
 * accessors that are generated from manifests (manifest/NAME.manifest.h) call these functions; the
 * device of a VMM that takes any service of a kind may call them itself.
 *
 * Pure, and safe against a record that holds anything: see rt_start_table.h.  Results are untouched
 * on failure.  Every call can return
 *   ERR_NOT_FOUND  the process has no such thing
 *   ERR_FORMAT     the entry is not what it must be
 */
#ifndef RT_RT_USE_H
#define RT_RT_USE_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <rt/rt_start_table.h>

struct rt_memory {
    uint64_t address;
    uint64_t bytes;
    uint64_t value; /* what the entry's name says: a physical address, a guest's physical address */
};

struct rt_irq {
    uint32_t slot; /* Irq, WRITE: for irq_ack() */
    uint64_t bits; /* of the process's wake Notification */
};

struct rt_ring {
    uint64_t shared_address; /* struct ring_shared */
    uint64_t data_address;
    uint32_t record_bytes;
    uint32_t record_count;
};

struct rt_use {
    uint32_t wake_slot;    /* Notification, WRITE: signals the service */
    uint64_t info_address; /* memory that the service writes; 0 for none */
    uint64_t info_bytes;
};

MUST_CHECK rt_memory_find(const struct start_table *table, const char *name, struct rt_memory *out);
MUST_CHECK rt_irq_find(const struct start_table *table, const char *name, struct rt_irq *out);

/* The slot of a capability. */
MUST_CHECK rt_slot_find(const struct start_table *table, const char *name, uint32_t *out);

/*
 * The number of the connection, of those with this key, that has `nth` others before it: count
 * `nth` from 0 until ERR_NOT_FOUND.  A VMM's key is that of the guest's file; a service's is "as"
 * of its need.
 */
MUST_CHECK rt_use_find(const struct start_table *table, const char *key, unsigned nth,
                       unsigned *use);

/* The same, by the device of the VMM that the manifest names. */
MUST_CHECK rt_use_find_device(const struct start_table *table, const char *device, unsigned nth,
                              unsigned *use);

/* Below, ERR_INVALID_ARG also: `use` is not below CONTROL_USED_MAX, or the name is too long. */
MUST_CHECK rt_use_open(const struct start_table *table, unsigned use, struct rt_use *out);
MUST_CHECK rt_use_endpoint(const struct start_table *table, unsigned use, uint32_t *slot);
MUST_CHECK rt_use_instance(const struct start_table *table, unsigned use, const char **out);

/* A ring of a connection.  ERR_FORMAT also: its records have another size or number than the
 * client expects. */
MUST_CHECK rt_use_ring(const struct start_table *table, unsigned use, const char *ring,
                       uint32_t record_bytes, uint32_t record_count, struct rt_ring *out);

/* The options of a connection: with `use` below CONTROL_USED_MAX those that this process gave,
 * with RT_USE_OWN the options of this instance of the service. */
#define RT_USE_OWN CONTROL_USED_MAX
MUST_CHECK rt_option_number(const struct start_table *table, unsigned use, const char *option,
                            uint64_t *out);
MUST_CHECK rt_option_text(const struct start_table *table, unsigned use, const char *option,
                          const char **out);
MUST_CHECK rt_option_bytes(const struct start_table *table, unsigned use, const char *option,
                           uint8_t *out, size_t bytes);
MUST_CHECK rt_option_choice(const struct start_table *table, unsigned use, const char *option,
                            const char *const *words, unsigned count, unsigned *out);

#endif
