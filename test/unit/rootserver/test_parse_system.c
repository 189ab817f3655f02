/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiled configuration. */
#include "blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_system_good_blob_is_read)
{
    /* Guests are sorted by index, with all properties of the blob. */
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert_str_eq(config.name, "two");
    ck_assert_uint_eq(config.guest_count, 2);
    ck_assert_str_eq(config.guest[0].name, "left");
    ck_assert_str_eq(config.guest[1].name, "right");
    ck_assert_str_eq(config.guest[1].kernel, "guests/left/kernel");
    ck_assert_uint_eq(config.guest[0].memory_bytes, 256 << 20);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_uint_eq(config.guest[0].ping_ms, 1000);
    ck_assert_uint_eq(config.guest[0].restart.most, 5);
    ck_assert(!config.guest[0].has_devices);
}
END_TEST

START_TEST(test_system_services_and_connections_are_read)
{
    /* Services, rings by their index, needs, and connections by their number, with options. */
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert_uint_eq(config.service_count, 2);
    const struct system_service *s = &config.service[1];
    ck_assert_msg(!s->is_bad, "%s", s->problem.text);
    ck_assert_str_eq(s->program, "svc/console");
    ck_assert_uint_eq(s->threads, 2);
    ck_assert_uint_eq(s->heap_bytes, 256 << 10);
    ck_assert_str_eq(s->device[0].match[0], "ns16550a");
    ck_assert_str_eq(s->device[0].property[1], "reg-io-width");
    ck_assert(s->device[0].prefers_stdout && s->device[0].is_writable);
    ck_assert_uint_eq(s->memory[0].bytes, 8192);
    ck_assert(s->memory[0].is_kept && !s->memory[0].is_dma);
    ck_assert_uint_eq(s->client.most, 16);
    ck_assert_str_eq(s->client.ring[0].name, "requests");
    ck_assert(s->client.ring[0].is_from_client && !s->client.ring[1].is_from_client);
    ck_assert(s->client.rights == SYSTEM_REGION_DMA);
    ck_assert_uint_eq(system_client_bytes(&s->client), 4096 + 2 * 16384 + 4096);
    ck_assert_uint_eq(config.connection_count, 5);
    ck_assert(!config.connection[0].is_guest);
    ck_assert_uint_eq(config.connection[0].client, 1);
    ck_assert_uint_eq(config.connection[0].service, 0);
    for (unsigned i = 1; i < 5; i++) {
        const struct system_connection *c = &config.connection[i];
        ck_assert(c->is_guest);
        ck_assert_uint_eq(c->used, (i - 1) % 2);
        ck_assert_uint_eq(c->service, c->used);
        ck_assert_str_eq(c->source, "left.toml:3");
        ck_assert_uint_eq(c->packed_bytes, 3);
        ck_assert_uint_eq(c->options.count, 1);
        ck_assert_uint_eq(config.option[c->options.first].number, 65536);
    }
}
END_TEST

START_TEST(test_system_connection_to_nobody_is_known)
{
    /* A connection to a service that is not listed, or to one that starts later, has no service. */
    fdt_setprop_string(blob, fdt_path_offset(blob, "/guests/left/connections/0"), "service", "lag");
    fdt_setprop_string(blob, blob_below("disk", "needs/0"), "service", "disk");
    ck_assert_int_eq(blob_parse(), OK);
    unsigned without = 0;
    for (unsigned i = 0; i < config.connection_count; i++)
        without += config.connection[i].service == SYSTEM_SERVICES_MAX;
    ck_assert_uint_eq(without, 2);
}
END_TEST

/* Each of these makes the service bad; the rest of the system is read. */
static const struct {
    const char *path, *property, *text; /* `text` NULL: the number */
    uint32_t number;
    const char *what;
} bad_services[] = {
    {"", "program", "", 0, "program"},
    {"", "threads", NULL, 0, "threads"},
    {"", "threads", NULL, 9, "threads"},
    {"", "heap", NULL, 1, "heap"},
    {"", "ping-ms", NULL, 0, "ping-ms"},
    {"", "restart", NULL, 1, "restart"},
    {"devices/uart", "registers", "wr", 0, "devices"},
    {"devices/uart", "irqs", NULL, 8, "devices"},
    {"devices/uart", "reset", "hope", 0, "devices"},
    {"devices/uart", "match", NULL, 0, "devices"},
    {"memory/kept", "bytes", NULL, 4096, "memory"},
    {"client", "max", NULL, 65, "client"},
    {"client", "info", NULL, 4096, "client"},
    {"client/rings/replies", "index", NULL, 0, "client"},
    {"client/rings/replies", "index", NULL, 4, "client"},
    {"client/rings/replies", "index", NULL, 2, "client"},
    {"client/rings/replies", "record", NULL, 0, "client"},
    {"client/rings/replies", "count", NULL, 100, "client"},
    {"client/rings/replies", "count", NULL, 65536, "client"},
    {"client/rings/replies", "from", "both", 0, "client"},
    {"client/regions", "max", NULL, 5, "client"},
    {"client/regions", "rights", "all", 0, "client"},
    {"needs/0", "key", NULL, 7, "needs"},
};

START_TEST(test_system_bad_service_is_bad_alone)
{
    /* A service with a value outside of its limits is marked bad; the problem names the part. */
    char path[80];
    snprintf(path, sizeof path, "/services/disk/%s", bad_services[_i].path);
    int at = fdt_path_offset(blob, bad_services[_i].path[0] ? path : "/services/disk");
    ck_assert_int_ge(at, 0);
    if (bad_services[_i].text != NULL && bad_services[_i].text[0] != 0)
        blob_text(at, bad_services[_i].property, bad_services[_i].text);
    else if (bad_services[_i].text != NULL)
        fdt_delprop(blob, at, bad_services[_i].property);
    else
        fdt_setprop_u32(blob, at, bad_services[_i].property, bad_services[_i].number);
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert(config.service[1].is_bad);
    ck_assert_msg(strstr(config.service[1].problem.text, bad_services[_i].what) != NULL, "%s",
                  config.service[1].problem.text);
    ck_assert(!config.service[0].is_bad && !config.guest[0].is_bad && !config.guest[1].is_bad);
}
END_TEST

START_TEST(test_system_bad_connections_are_their_guests)
{
    /* A connection that cannot be read, a gap in the numbers, or too many: that guest is bad,
     * and none of its connections is counted. */
    fdt_delprop(blob, fdt_path_offset(blob, "/guests/left/connections/1"), "service");
    blob_bad_guest("connections");
    ck_assert_uint_eq(config.connection_count, 3);
    blob_setup();
    fdt_del_node(blob, fdt_path_offset(blob, "/guests/left/connections/0"));
    blob_bad_guest("connections");
    blob_setup();
    uint8_t packed[257] = {0};
    fdt_setprop(blob, fdt_path_offset(blob, "/guests/left/connections/0"), "option", packed, 257);
    blob_bad_guest("connections");
    blob_setup();
    for (unsigned i = 2; i < 17; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        blob_connection(fdt_path_offset(blob, "/guests/left/connections"), name, "log");
    }
    blob_bad_guest("connections");
    blob_setup();
    fdt_setprop_string(blob, fdt_path_offset(blob, "/guests/left/connections/0/options/size"),
                       "type", "colour");
    blob_bad_guest("connections");
}
END_TEST

START_TEST(test_system_guest_without_initrd_is_good)
{
    /* The initrd is a guest's only optional property. */
    fdt_delprop(blob, blob_left(), "initrd");
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_str_eq(config.guest[0].initrd, "");
}
END_TEST

START_TEST(test_system_guest_lacking_property_is_bad_alone)
{
    /* A guest that lacks one of these properties is marked bad, with the property's name. */
    static const char *const names[] = {"vmm", "kernel", "bootargs", "memory", "vcpus"};
    ck_assert_int_eq(fdt_delprop(blob, blob_left(), names[_i]), 0);
    blob_bad_guest(names[_i]);
}
END_TEST

START_TEST(test_system_guest_memory_limits)
{
    /* A memory size is bad if too small, too large, no multiple of 2 MiB, or of wrong length. */
    static const uint64_t bad[] = {0, 14 << 20, (256 << 20) + 4096, UINT64_C(1) << 62, UINT64_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop_u64(blob, blob_left(), "memory", bad[i]);
        blob_bad_guest("memory");
    }
    fdt_setprop_u32(blob, blob_left(), "memory", 1 << 28);
    blob_bad_guest("memory");
}
END_TEST

START_TEST(test_system_guest_strings_checked)
{
    /* Strings without an end, with a zero inside, too long, or with control characters are bad. */
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    fdt_setprop(blob, blob_left(), "kernel", "abc", 3);
    blob_bad_guest("kernel");
    fdt_setprop(blob, blob_left(), "kernel", "a\0c", 4);
    blob_bad_guest("kernel");
    fdt_setprop(blob, blob_left(), "kernel", longest, sizeof longest);
    blob_bad_guest("kernel");
    blob_setup();
    fdt_setprop(blob, blob_left(), "initrd", "", 0);
    blob_bad_guest("initrd");
    blob_setup();
    fdt_setprop_string(blob, blob_left(), "bootargs", "quiet\nevil");
    blob_bad_guest("bootargs");
    blob_setup();
    fdt_setprop_u32(blob, blob_left(), "vcpus", 2);
    blob_bad_guest("vcpus");
}
END_TEST

START_TEST(test_system_guest_mmu_is_a_mode_of_satp)
{
    /* Each mode's name gives its satp number, a missing name gives Sv39, and an unknown name makes
     * the guest bad. */
    static const char *const names[] = {"sv39", "sv48", "sv57"};
    static const char bad[][8] = {"", "sv32", "sv64", "sv3", "sv399", "SV39", "sv39sv4"};

    ck_assert_int_eq(blob_parse(), OK);
    ck_assert_uint_eq(config.guest[0].satp_mode, 8);
    for (unsigned i = 0; i < 3; i++) {
        fdt_setprop(blob, blob_left(), "mmu", names[i], sizeof "sv39");
        ck_assert_int_eq(blob_parse(), OK);
        ck_assert(!config.guest[0].is_bad);
        ck_assert_uint_eq(config.guest[0].satp_mode, 8 + i);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop(blob, blob_left(), "mmu", bad[i], (int)strlen(bad[i]) + 1);
        blob_bad_guest("mmu");
    }
    fdt_setprop(blob, blob_left(), "mmu", "sv39", 4);
    blob_bad_guest("mmu");
    fdt_setprop_u32(blob, blob_left(), "mmu", 39);
    blob_bad_guest("mmu");
}
END_TEST

START_TEST(test_system_indices_once_each)
{
    /* A duplicate, missing or bad index, or a bad name: the whole blob is refused. */
    fdt_setprop_u32(blob, blob_left(), "index", 1);
    ck_assert_int_eq(blob_parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, blob_left(), "index", 2);
    ck_assert_int_eq(blob_parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, blob_left(), "index", UINT32_MAX);
    ck_assert_int_eq(blob_parse(), ERR_FORMAT);
    blob_setup();
    blob_guest("Odd-Name", 2);
    ck_assert_int_eq(blob_parse(), ERR_FORMAT);
}
END_TEST

START_TEST(test_system_limits_of_number)
{
    /* A blob without guests, or with too many, is refused. */
    for (unsigned i = 2; i < GUESTS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "g%u", i);
        blob_guest(name, i);
    }
    ck_assert_int_eq(blob_parse(), OK);
    blob_guest("one-more", GUESTS_MAX);
    ck_assert_int_eq(blob_parse(), ERR_RANGE);
    blob_setup();
    fdt_del_node(blob, fdt_path_offset(blob, "/guests"));
    ck_assert_int_eq(blob_parse(), ERR_RANGE);
}
END_TEST

START_TEST(test_system_wrong_blob_refused)
{
    /* Another kind of blob, no blob at all, and a truncated blob are refused. */
    fdt_setprop_string(blob, 0, "compatible", "warren,system-3");
    ck_assert_int_eq(blob_parse(), ERR_NOT_SUPPORTED);
    blob_setup();
    for (size_t bytes = 0; bytes < fdt_totalsize(blob); bytes += 7) {
        uint8_t *copy = malloc(bytes ? bytes : 1);
        memcpy(copy, blob, bytes);
        ck_assert_int_eq(system_parse(copy, bytes, &config, &problem), ERR_FORMAT);
        free(copy);
    }
    blob[0] = 0;
    ck_assert_int_eq(blob_parse(), ERR_FORMAT);
}
END_TEST

START_TEST(test_system_random_edits_stay_in_limits)
{
    /* Of any bytes, an accepted configuration obeys the limits. */
    srand(5);
    ck_assert_int_eq(fdt_pack(blob), 0);
    size_t bytes = fdt_totalsize(blob);
    static uint8_t whole[BLOB_BYTES];
    memcpy(whole, blob, bytes);
    for (unsigned round = 0; round < 30000; round++) {
        memcpy(blob, whole, bytes);
        for (int n = rand() % 3; n >= 0; n--)
            blob[(size_t)rand() % bytes] = (uint8_t)rand();
        if (system_parse(blob, bytes, &config, &problem) != OK)
            continue;
        ck_assert_uint_le(config.guest_count, GUESTS_MAX);
        for (unsigned i = 0; i < config.guest_count; i++) {
            const struct system_guest *g = &config.guest[i];
            ck_assert_ptr_nonnull(memchr(g->name, 0, sizeof g->name));
            ck_assert(g->is_bad || (g->memory_bytes >= SYSTEM_MEMORY_MIN &&
                                    g->memory_bytes <= SYSTEM_MEMORY_MAX));
            ck_assert_ptr_nonnull(memchr(g->kernel, 0, sizeof g->kernel));
        }
    }
}
END_TEST

void parse_system_cases(TCase *tc)
{
    tcase_add_test(tc, test_system_good_blob_is_read);
    tcase_add_test(tc, test_system_services_and_connections_are_read);
    tcase_add_test(tc, test_system_connection_to_nobody_is_known);
    tcase_add_loop_test(tc, test_system_bad_service_is_bad_alone, 0,
                        sizeof bad_services / sizeof bad_services[0]);
    tcase_add_test(tc, test_system_bad_connections_are_their_guests);
    tcase_add_test(tc, test_system_guest_without_initrd_is_good);
    tcase_add_loop_test(tc, test_system_guest_lacking_property_is_bad_alone, 0, 5);
    tcase_add_test(tc, test_system_guest_memory_limits);
    tcase_add_test(tc, test_system_guest_strings_checked);
    tcase_add_test(tc, test_system_guest_mmu_is_a_mode_of_satp);
    tcase_add_test(tc, test_system_indices_once_each);
    tcase_add_test(tc, test_system_limits_of_number);
    tcase_add_test(tc, test_system_wrong_blob_refused);
    tcase_add_test(tc, test_system_random_edits_stay_in_limits);
}
