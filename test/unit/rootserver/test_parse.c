/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/parse: configurations, machines and image headers, good and hostile. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/parse/image.h>
#include <rootserver/parse/machine.h>
#include <rootserver/parse/system.h>

#define BLOB_BYTES 16384

static uint8_t blob[BLOB_BYTES];
static struct system_config config;
static struct problem problem;

static int node(int parent, const char *name)
{
    int at = fdt_add_subnode(blob, parent, name);
    ck_assert_int_ge(at, 0);
    return at;
}

static int guest(const char *name, uint32_t index)
{
    int at = node(fdt_path_offset(blob, "/guests"), name);
    ck_assert_int_eq(fdt_setprop_u32(blob, at, "index", index), 0);
    fdt_setprop_string(blob, at, "vmm", "vmm");
    fdt_setprop_string(blob, at, "kernel", "guests/left/kernel");
    fdt_setprop_string(blob, at, "initrd", "guests/left/initrd");
    fdt_setprop_string(blob, at, "bootargs", "console=ttyS0");
    fdt_setprop_u64(blob, at, "memory", 256 << 20);
    fdt_setprop_u32(blob, at, "vcpus", 1);
    return at;
}

static void setup(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_string(blob, 0, "compatible", "warren,system-1");
    fdt_setprop_string(blob, 0, "system-name", "two");
    node(0, "guests");
    int services = node(0, "services");
    fdt_setprop_string(blob, node(services, "console"), "program", "svc/console");
    guest("right", 1);
    guest("left", 0);
}

static enum err parse(void)
{
    return system_parse(blob, fdt_totalsize(blob), &config, &problem);
}

static int left(void)
{
    return fdt_path_offset(blob, "/guests/left");
}

START_TEST(test_system_good_blob_is_read)
{
    /* Guests are sorted by index, with all properties of the blob. */
    ck_assert_int_eq(parse(), OK);
    ck_assert_str_eq(config.name, "two");
    ck_assert_uint_eq(config.guest_count, 2);
    ck_assert_str_eq(config.guest[0].name, "left");
    ck_assert_str_eq(config.guest[1].name, "right");
    ck_assert_str_eq(config.guest[1].kernel, "guests/left/kernel");
    ck_assert_uint_eq(config.guest[0].memory_bytes, 256 << 20);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_uint_eq(config.service_count, 1);
    ck_assert_str_eq(config.service[0].program, "svc/console");
}
END_TEST

START_TEST(test_system_guest_without_initrd_is_good)
{
    /* The initrd is a guest's only optional property. */
    fdt_delprop(blob, left(), "initrd");
    ck_assert_int_eq(parse(), OK);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_str_eq(config.guest[0].initrd, "");
}
END_TEST

/* Only the left guest is refused, and the problem names the property. */
static void bad_guest(const char *what)
{
    ck_assert_int_eq(parse(), OK);
    ck_assert(config.guest[0].is_bad);
    ck_assert_msg(strstr(config.guest[0].problem.text, what) != NULL, "%s",
                  config.guest[0].problem.text);
    ck_assert(!config.guest[1].is_bad);
}

START_TEST(test_system_guest_lacking_property_is_bad_alone)
{
    /* A guest that lacks one of these properties is marked bad, with the property's name. */
    static const char *const names[] = {"vmm", "kernel", "bootargs", "memory", "vcpus"};
    ck_assert_int_eq(fdt_delprop(blob, left(), names[_i]), 0);
    bad_guest(names[_i]);
}
END_TEST

START_TEST(test_system_guest_memory_limits)
{
    /* A memory size is bad if too small, too large, no multiple of 2 MiB, or of wrong length. */
    static const uint64_t bad[] = {0, 14 << 20, (256 << 20) + 4096, UINT64_C(1) << 62, UINT64_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop_u64(blob, left(), "memory", bad[i]);
        bad_guest("memory");
    }
    fdt_setprop_u32(blob, left(), "memory", 1 << 28);
    bad_guest("memory");
}
END_TEST

START_TEST(test_system_guest_strings_checked)
{
    /* Strings without an end, with a zero inside, too long, or with control characters are bad. */
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    fdt_setprop(blob, left(), "kernel", "abc", 3);
    bad_guest("kernel");
    fdt_setprop(blob, left(), "kernel", "a\0c", 4);
    bad_guest("kernel");
    fdt_setprop(blob, left(), "kernel", longest, sizeof longest);
    bad_guest("kernel");
    setup();
    fdt_setprop(blob, left(), "initrd", "", 0);
    bad_guest("initrd");
    setup();
    fdt_setprop_string(blob, left(), "bootargs", "quiet\nevil");
    bad_guest("bootargs");
    setup();
    fdt_setprop_u32(blob, left(), "vcpus", 2);
    bad_guest("vcpus");
}
END_TEST

START_TEST(test_system_guest_mmu_is_a_mode_of_satp)
{
    /* Each mode's name gives its satp number, a missing name gives Sv39, and an unknown name makes
     * the guest bad. */
    static const char *const names[] = {"sv39", "sv48", "sv57"};
    static const char bad[][8] = {"", "sv32", "sv64", "sv3", "sv399", "SV39", "sv39sv4"};

    ck_assert_int_eq(parse(), OK);
    ck_assert_uint_eq(config.guest[0].satp_mode, 8);
    for (unsigned i = 0; i < 3; i++) {
        fdt_setprop(blob, left(), "mmu", names[i], sizeof "sv39");
        ck_assert_int_eq(parse(), OK);
        ck_assert(!config.guest[0].is_bad);
        ck_assert_uint_eq(config.guest[0].satp_mode, 8 + i);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop(blob, left(), "mmu", bad[i], (int)strlen(bad[i]) + 1);
        bad_guest("mmu");
    }
    fdt_setprop(blob, left(), "mmu", "sv39", 4);
    bad_guest("mmu");
    fdt_setprop_u32(blob, left(), "mmu", 39);
    bad_guest("mmu");
}
END_TEST

START_TEST(test_system_indices_once_each)
{
    /* A duplicate, missing or bad index, or a bad name: the whole blob is refused. */
    fdt_setprop_u32(blob, left(), "index", 1);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, left(), "index", 2);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, left(), "index", UINT32_MAX);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    setup();
    guest("Odd_Name", 2);
    ck_assert_int_eq(parse(), ERR_FORMAT);
}
END_TEST

START_TEST(test_system_limits_of_number)
{
    /* A blob without guests, or with too many, is refused. */
    for (unsigned i = 2; i < GUESTS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "g%u", i);
        guest(name, i);
    }
    ck_assert_int_eq(parse(), OK);
    guest("one-more", GUESTS_MAX);
    ck_assert_int_eq(parse(), ERR_RANGE);
    setup();
    fdt_del_node(blob, fdt_path_offset(blob, "/guests"));
    ck_assert_int_eq(parse(), ERR_RANGE);
}
END_TEST

START_TEST(test_system_wrong_blob_refused)
{
    /* Another kind of blob, no blob at all, and a truncated blob are refused. */
    fdt_setprop_string(blob, 0, "compatible", "warren,system-2");
    ck_assert_int_eq(parse(), ERR_NOT_SUPPORTED);
    setup();
    for (size_t bytes = 0; bytes < fdt_totalsize(blob); bytes += 7) {
        uint8_t *copy = malloc(bytes ? bytes : 1);
        memcpy(copy, blob, bytes);
        ck_assert_int_eq(system_parse(copy, bytes, &config, &problem), ERR_FORMAT);
        free(copy);
    }
    blob[0] = 0;
    ck_assert_int_eq(parse(), ERR_FORMAT);
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

static int uart(const char *name, uint64_t address, uint32_t irq)
{
    int soc = fdt_path_offset(blob, "/soc"), at = node(soc, name);
    uint64_t reg[2] = {cpu_to_fdt64(address), cpu_to_fdt64(0x100)};
    fdt_setprop(blob, at, "reg", reg, sizeof reg);
    fdt_setprop_string(blob, at, "compatible", "ns16550a");
    fdt_setprop_u32(blob, at, "interrupts", irq);
    return at;
}

static void setup_machine(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_u32(blob, 0, "#address-cells", 2);
    fdt_setprop_u32(blob, 0, "#size-cells", 2);
    int soc = node(0, "soc");
    fdt_setprop_u32(blob, soc, "#address-cells", 2);
    fdt_setprop_u32(blob, soc, "#size-cells", 2);
    fdt_setprop(blob, soc, "ranges", "", 0);
    uart("serial@10000000", 0x10000000, 10);
    int chosen = node(0, "chosen");
    fdt_setprop(blob, chosen, "rng-seed", "0123456789abcdef", 16);
}

static struct machine_config machine;

static void parse_machine(void)
{
    ck_assert_int_eq(machine_parse(blob, fdt_totalsize(blob), &machine), OK);
}

START_TEST(test_machine_uart_and_seed_found)
{
    /* The UART's registers, source and layout, and the seed are found; missing ones are not. */
    setup_machine();
    parse_machine();
    ck_assert(machine.uart.is_there);
    ck_assert_uint_eq(machine.uart.address, 0x10000000);
    ck_assert_uint_eq(machine.uart.irq, 10);
    ck_assert_uint_eq(machine.uart_io_width, 1);
    ck_assert_uint_eq(machine.seed_bytes, 16);
    ck_assert(!machine.finisher.is_there);
    ck_assert(!machine.rtc.is_there);
}
END_TEST

START_TEST(test_machine_stdout_path_chooses_uart)
{
    /* Of two UARTs the one in stdout-path is taken, without its options; a disabled one is not. */
    setup_machine();
    uart("serial@20000000", 0x20000000, 11);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/chosen"), "stdout-path",
                       "/soc/serial@20000000:115200n8");
    parse_machine();
    ck_assert_uint_eq(machine.uart.address, 0x20000000);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/soc/serial@20000000"), "status", "disabled");
    parse_machine();
    ck_assert_uint_eq(machine.uart.address, 0x10000000);
}
END_TEST

START_TEST(test_machine_bus_ranges_translate)
{
    /* A bus that translates addresses is followed; a bus without ranges hides its devices. */
    setup_machine();
    int soc = fdt_path_offset(blob, "/soc");
    uint64_t ranges[3] = {cpu_to_fdt64(0x10000000), cpu_to_fdt64(UINT64_C(0x4000000000)),
                          cpu_to_fdt64(0x1000)};
    fdt_setprop(blob, soc, "ranges", ranges, sizeof ranges);
    parse_machine();
    ck_assert_uint_eq(machine.uart.address, UINT64_C(0x4000000000));
    ranges[0] = cpu_to_fdt64(0x20000000);
    fdt_setprop(blob, fdt_path_offset(blob, "/soc"), "ranges", ranges, sizeof ranges);
    parse_machine();
    ck_assert(!machine.uart.is_there);
    fdt_delprop(blob, fdt_path_offset(blob, "/soc"), "ranges");
    parse_machine();
    ck_assert(!machine.uart.is_there);
}
END_TEST

START_TEST(test_machine_odd_uart_not_used)
{
    /* A UART whose registers leave the page, of unknown width, or without interrupt is not used. */
    static const struct {
        const char *name;
        uint32_t value;
    } odd[] = {{"reg-shift", 30}, {"reg-shift", 5}, {"reg-io-width", 8}, {"interrupts", 0}};
    for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        setup_machine();
        fdt_setprop_u32(blob, fdt_path_offset(blob, "/soc/serial@10000000"), odd[i].name,
                        odd[i].value);
        parse_machine();
        ck_assert(!machine.uart.is_there);
    }
    setup_machine();
    uint64_t reg[2] = {cpu_to_fdt64(0x10000ffc), cpu_to_fdt64(0x100)};
    fdt_setprop(blob, fdt_path_offset(blob, "/soc/serial@10000000"), "reg", reg, sizeof reg);
    parse_machine();
    ck_assert(!machine.uart.is_there);
}
END_TEST

START_TEST(test_machine_garbage_refused)
{
    /* Without a blob the result is an error, and the output is untouched. */
    memset(blob, 0xee, sizeof blob);
    machine.uart.irq = 77;
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), ERR_FORMAT);
    ck_assert_uint_eq(machine.uart.irq, 77);
}
END_TEST

static void put_image(uint8_t *image, uint64_t offset, uint64_t size)
{
    memset(image, 0, 64);
    memcpy(image + 8, &offset, 8);
    memcpy(image + 16, &size, 8);
    memcpy(image + 56, "RSC\x05", 4);
}

START_TEST(test_image_checked)
{
    /* The header's magic and image_size decide, text_offset does not; no sum wraps. */
    uint8_t image[64];
    put_image(image, 0x200000, 30 << 20);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 63, 64 << 20, &problem), ERR_FORMAT);
    ck_assert_int_eq(image_check(image, 64, 31 << 20, &problem), ERR_RANGE);
    put_image(image, UINT64_MAX - 100, 200);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), OK);
    put_image(image, 0x40200000, 0);
    ck_assert_int_eq(image_check(image, 64, 3 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 64, 2 << 20, &problem), ERR_RANGE);
    put_image(image, 0x200000, UINT64_MAX - 100);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), ERR_RANGE);
    put_image(image, 0x200000, 30 << 20);
    image[56] = 0x1f;
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), ERR_FORMAT);
    image[0] = 0x13; /* now a raw binary that begins with a nop */
    ck_assert_int_eq(image_check(image, 64, 3 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 64, 2 << 20, &problem), ERR_RANGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-parse");
    TCase *tc = tcase_create("parse");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_system_good_blob_is_read);
    tcase_add_test(tc, test_system_guest_without_initrd_is_good);
    tcase_add_loop_test(tc, test_system_guest_lacking_property_is_bad_alone, 0, 5);
    tcase_add_test(tc, test_system_guest_memory_limits);
    tcase_add_test(tc, test_system_guest_strings_checked);
    tcase_add_test(tc, test_system_guest_mmu_is_a_mode_of_satp);
    tcase_add_test(tc, test_system_indices_once_each);
    tcase_add_test(tc, test_system_limits_of_number);
    tcase_add_test(tc, test_system_wrong_blob_refused);
    tcase_add_test(tc, test_system_random_edits_stay_in_limits);
    tcase_add_test(tc, test_machine_uart_and_seed_found);
    tcase_add_test(tc, test_machine_stdout_path_chooses_uart);
    tcase_add_test(tc, test_machine_bus_ranges_translate);
    tcase_add_test(tc, test_machine_odd_uart_not_used);
    tcase_add_test(tc, test_machine_garbage_refused);
    tcase_add_test(tc, test_image_checked);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
