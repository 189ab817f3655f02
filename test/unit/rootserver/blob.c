/* SPDX-License-Identifier: BSD-2-Clause */
#include "blob.h"

#include <stdio.h>
#include <string.h>

uint8_t blob[BLOB_BYTES];
struct system_config config;
struct problem problem;

int blob_node(int parent, const char *name)
{
    int at = fdt_add_subnode(blob, parent, name);
    ck_assert_int_ge(at, 0);
    return at;
}

int blob_text(int at, const char *name, const char *value)
{
    return fdt_setprop(blob, at, name, value, (int)strlen(value) + 1);
}

int blob_connection(int parent, const char *name, const char *service)
{
    int at = blob_node(parent, name);
    blob_text(at, "service", service);
    blob_text(at, "key", "key");
    blob_text(at, "device", "a-device");
    blob_text(at, "source", "left.toml:3");
    fdt_setprop(blob, at, "option", "\1\2\3", 3);
    int option = blob_node(blob_node(at, "options"), "size");
    blob_text(option, "type", "size");
    fdt_setprop_u64(blob, option, "value", 65536);
    return at;
}

int blob_guest(const char *name, uint32_t index)
{
    int at = blob_node(fdt_path_offset(blob, "/guests"), name);
    ck_assert_int_eq(fdt_setprop_u32(blob, at, "index", index), 0);
    blob_text(at, "vmm", "vmm");
    blob_text(at, "kernel", "guests/left/kernel");
    blob_text(at, "initrd", "guests/left/initrd");
    blob_text(at, "bootargs", "console=ttyS0");
    fdt_setprop_u64(blob, at, "memory", 256 << 20);
    fdt_setprop_u32(blob, at, "vcpus", 1);
    int connections = blob_node(at, "connections");
    blob_connection(connections, "1", "disk");
    char path[64];
    snprintf(path, sizeof path, "/guests/%s/connections", name);
    blob_connection(fdt_path_offset(blob, path), "0", "log");
    return at;
}

/* A node for the path below a service's. */
int blob_below(const char *name, const char *what)
{
    char path[80];
    snprintf(path, sizeof path, "/services/%s/%s", name, what);
    int at = fdt_path_offset(blob, path);
    ck_assert_int_ge(at, 0);
    return at;
}

static void blob_ring(int rings, const char *name, uint32_t index, const char *from)
{
    int at = blob_node(rings, name);
    fdt_setprop_u32(blob, at, "index", index);
    fdt_setprop_u32(blob, at, "record", 64);
    fdt_setprop_u32(blob, at, "count", 256);
    blob_text(at, "from", from);
}

static void blob_service(const char *name, bool needs_log)
{
    int at = blob_node(fdt_path_offset(blob, "/services"), name);
    blob_text(at, "program", "svc/console");
    fdt_setprop_u32(blob, at, "threads", 2);
    int device = blob_node(blob_node(at, "devices"), "uart");
    blob_text(device, "match", "ns16550a");
    blob_text(device, "registers", "rw");
    fdt_setprop_u32(blob, device, "irqs", 1);
    blob_text(device, "prefer", "stdout-path");
    fdt_setprop(blob, device, "properties", "reg-shift\0reg-io-width", 23);
    fdt_setprop_u64(blob, blob_node(blob_node(fdt_path_offset(blob, "/services"), "x"), "y"), "z",
                    1);
    fdt_del_node(blob, fdt_path_offset(blob, "/services/x"));
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    int memory = blob_node(blob_node(at, "memory"), "kept");
    fdt_setprop_u64(blob, memory, "bytes", 5000);
    fdt_setprop(blob, memory, "kept", "", 0);
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    int client = blob_node(at, "client");
    fdt_setprop_u32(blob, client, "max", 16);
    fdt_setprop_u64(blob, client, "info", 4096);
    int rings = blob_node(client, "rings");
    blob_ring(rings, "replies", 1, "service");
    blob_ring(blob_below(name, "client/rings"), "requests", 0, "client");
    int regions = blob_node(blob_below(name, "client"), "regions");
    fdt_setprop_u32(blob, regions, "max", 4);
    blob_text(regions, "rights", "dma");
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    if (needs_log)
        blob_connection(blob_node(at, "needs"), "0", "log");
}

void blob_setup(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_string(blob, 0, "compatible", "warren,system-2");
    fdt_setprop_string(blob, 0, "system-name", "two");
    blob_node(0, "guests");
    blob_node(0, "services");
    blob_service("disk", true); /* libfdt puts a new node before its siblings */
    blob_service("log", false);
    blob_guest("right", 1);
    blob_guest("left", 0);
}

enum err blob_parse(void)
{
    return system_parse(blob, fdt_totalsize(blob), &config, &problem);
}

int blob_left(void)
{
    return fdt_path_offset(blob, "/guests/left");
}

/* Only the left guest is refused, and the problem names the property. */
void blob_bad_guest(const char *what)
{
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert(config.guest[0].is_bad);
    ck_assert_msg(strstr(config.guest[0].problem.text, what) != NULL, "%s",
                  config.guest[0].problem.text);
    ck_assert(!config.guest[1].is_bad);
}
