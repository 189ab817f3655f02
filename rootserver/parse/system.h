/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the compiled configuration (docs/configuration.md, "The compiled form")
 * into plain structs.  The blob is hostile: the structs obey every limit of that
 * page, and a guest or service that breaks a limit is marked with the reason.
 */
#ifndef ROOTSERVER_PARSE_SYSTEM_H
#define ROOTSERVER_PARSE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>
#include <proto/control.h>
#include <proto/process_start.h>
#include <rootserver/parse/problem.h>

#define SYSTEM_SERVICES_MAX    16 /* instances */
#define SYSTEM_CONNECTIONS_MAX 128
#define SYSTEM_DEVICES_MAX     4           /* of one service */
#define SYSTEM_MEMORIES_MAX    4           /* of one service */
#define SYSTEM_MATCHES_MAX     8           /* of one device */
#define SYSTEM_PROPERTIES_MAX  8           /* of one device */
#define SYSTEM_BUILT_IN_MAX    16          /* devices of one guest */
#define SYSTEM_OPTIONS_MAX     512         /* of all instances and connections */
#define SYSTEM_TEXT_BYTES      (32u << 10) /* of all option values */
#define SYSTEM_THREADS_MAX     8
#define SYSTEM_PATH_BYTES      256 /* this and the following include the zero byte */
#define SYSTEM_MATCH_BYTES     68
#define SYSTEM_SOURCE_BYTES    64
#define SYSTEM_MEMORY_MIN      (UINT64_C(16) << 20)
#define SYSTEM_MEMORY_MAX      (UINT64_C(1) << 37)
#define SYSTEM_MEMORY_MULTIPLE (UINT64_C(2) << 20)
#define SYSTEM_HEAP_MAX        (UINT64_C(64) << 20)
#define SYSTEM_KEPT_MAX        (UINT64_C(4) << 30) /* one memory of a service */
#define SYSTEM_RING_BYTES_MAX  (UINT64_C(1) << 20)
#define SYSTEM_INFO_MAX        (UINT64_C(64) << 10)
#define SYSTEM_SATP_SV39       8

struct system_restart {
    uint32_t most, within_ms, wait_min_ms, wait_max_ms;
};

/* The value of an option: a number, or bytes in system_config.text. */
struct system_option {
    char name[NAME_BYTES];
    uint32_t kind; /* enum start_kind: NUMBER, TEXT, DATA */
    uint64_t number;
    uint32_t text, bytes;
};

struct system_options {
    unsigned first, count; /* in system_config.option */
};

enum system_reset {
    SYSTEM_RESET_NONE,
    SYSTEM_RESET_VIRTIO,
};

struct system_device {
    char name[NAME_BYTES];
    char match[SYSTEM_MATCHES_MAX][SYSTEM_MATCH_BYTES]; /* "compatible" strings */
    unsigned match_count;
    char property[SYSTEM_PROPERTIES_MAX][NAME_BYTES]; /* numbers that the service is told */
    unsigned property_count;
    unsigned irqs;       /* how many of the device's interrupts the service gets at least */
    bool prefers_stdout; /* the device that /chosen stdout-path names comes first */
    bool has_registers;  /* the service gets the registers */
    bool is_writable;    /* and may write them */
    bool is_optional;
    enum system_reset reset; /* how the root server stops the device after a death */
};

struct system_memory {
    char name[NAME_BYTES];
    uint64_t bytes; /* a multiple of the page */
    bool is_dma;    /* in one piece, and the service is told its physical address */
    bool is_kept;   /* the next life of the service gets it again */
};

struct system_ring {
    char name[NAME_BYTES];
    uint32_t record_bytes, record_count;
    bool is_from_client;
};

enum system_region_rights {
    SYSTEM_REGION_MAP, /* the client's memory is mapped for the service */
    SYSTEM_REGION_DMA, /* the service is told the physical extents */
};

/* The recipe of one connection. */
struct system_client {
    unsigned most; /* connections */
    unsigned ring_count;
    struct system_ring ring[CONTROL_RINGS_MAX];
    uint32_t info_bytes; /* a multiple of the page */
    unsigned regions;    /* at most, of one client */
    enum system_region_rights rights;
    bool has_calls;
};

struct system_service {
    char name[NAME_BYTES];    /* the instance's */
    char service[NAME_BYTES]; /* the folder's */
    char program[SYSTEM_PATH_BYTES];
    unsigned threads;
    uint64_t heap_bytes;
    uint32_t ping_ms, progress_ms; /* 0: progress is not watched */
    struct system_restart restart;
    bool is_log;         /* shows the root server's lines */
    bool is_each_device; /* one instance for each device that matches its first one */
    unsigned device_count, memory_count;
    struct system_device device[SYSTEM_DEVICES_MAX];
    struct system_memory memory[SYSTEM_MEMORIES_MAX];
    struct system_client client;
    struct system_options options;
    bool is_bad;
    struct problem problem; /* why, when is_bad */
};

/* A connection of a guest, or a need of a service's instance. */
struct system_connection {
    bool is_guest;
    unsigned client;  /* guest or instance */
    unsigned used;    /* its number among the client's */
    unsigned service; /* instance that serves it; SYSTEM_SERVICES_MAX: there is no such instance */
    char service_name[NAME_BYTES];
    char key[NAME_BYTES];
    char device[NAME_BYTES];
    char source[SYSTEM_SOURCE_BYTES]; /* "left.toml:3" */
    struct system_options options;
    unsigned packed_bytes;
    uint8_t packed[CONTROL_OPTION_BYTES]; /* for the service, unread */
};

struct system_guest {
    char name[NAME_BYTES];
    char vmm[SYSTEM_PATH_BYTES];
    char kernel[SYSTEM_PATH_BYTES];
    char initrd[SYSTEM_PATH_BYTES]; /* empty when there is none */
    char bootargs[GUEST_BOOTARGS_BYTES];
    uint64_t memory_bytes;
    uint32_t satp_mode; /* the largest MODE of satp the guest may use: SYSTEM_SATP_SV39 and up */
    uint32_t ping_ms;
    struct system_restart restart;
    bool has_devices; /* false: the guest has the VMM's usual built-in devices */
    unsigned built_in_count;
    char built_in[SYSTEM_BUILT_IN_MAX][NAME_BYTES];
    bool is_bad;
    struct problem problem; /* why, when is_bad */
};

struct system_config {
    char name[NAME_BYTES];
    unsigned guest_count, service_count, connection_count;
    struct system_guest guest[GUESTS_MAX];              /* by index */
    struct system_service service[SYSTEM_SERVICES_MAX]; /* in order of start */
    struct system_connection connection[SYSTEM_CONNECTIONS_MAX];
    unsigned option_count;
    struct system_option option[SYSTEM_OPTIONS_MAX];
    uint32_t text_bytes;
    uint8_t text[SYSTEM_TEXT_BYTES];
};

/*
 * Reads the blob.  On failure the contents of *out are undefined and *problem gives the reason.
 *   ERR_FORMAT         no device-tree blob, truncated, or a required property is missing or bad
 *   ERR_NOT_SUPPORTED  another kind of configuration
 *   ERR_RANGE          no guest, or too many guests, services, connections or options
 */
MUST_CHECK system_parse(const void *blob, size_t bytes, struct system_config *out,
                        struct problem *problem);

/*
 * Adds the further instances of services that have one for each device: NAME-2, NAME-3 and so on.
 * `tree` is the machine's, which machine_parse() accepted.  Connections find them by these names.
 *   ERR_RANGE  more than SYSTEM_SERVICES_MAX instances; *problem names the service
 */
MUST_CHECK system_expand(const void *tree, struct system_config *system, struct problem *problem);

/* Bytes of the Frames of a connection, and where its parts begin: one page of struct ring_shared,
 * then each ring's data and the info page, at page borders. */
uint32_t system_client_bytes(const struct system_client *client);
uint32_t system_client_ring_shared(unsigned ring);
uint32_t system_client_ring_data(const struct system_client *client, unsigned ring);
uint32_t system_client_info(const struct system_client *client);

/* The index of an instance; SYSTEM_SERVICES_MAX: there is none of that name. */
unsigned system_service_find(const struct system_config *system, const char *name);

#endif
