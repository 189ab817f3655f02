/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees of machines, their devices, and image headers. */
#include "blob.h"

#include <string.h>

#include <rootserver/parse/image.h>
#include <rootserver/parse/machine.h>

static int uart(const char *name, uint64_t address, uint32_t irq)
{
    int soc = fdt_path_offset(blob, "/soc"), at = blob_node(soc, name);
    uint64_t reg[2] = {cpu_to_fdt64(address), cpu_to_fdt64(0x100)};
    fdt_setprop(blob, at, "reg", reg, sizeof reg);
    blob_text(at, "compatible", "ns16550a");
    fdt_setprop_u32(blob, at, "interrupts", irq);
    return at;
}

static int plic(void)
{
    int at = blob_node(0, "plic");
    fdt_setprop_u32(blob, at, "#interrupt-cells", 1);
    return fdt_setprop_u32(blob, at, "phandle", 7);
}

static void setup_machine(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_u32(blob, 0, "#address-cells", 2);
    fdt_setprop_u32(blob, 0, "#size-cells", 2);
    int soc = blob_node(0, "soc");
    fdt_setprop_u32(blob, soc, "#address-cells", 2);
    fdt_setprop_u32(blob, soc, "#size-cells", 2);
    fdt_setprop(blob, soc, "ranges", "", 0);
    fdt_setprop_u32(blob, 0, "interrupt-parent", 7);
    ck_assert_int_eq(plic(), 0);
    uart("serial@10000000", 0x10000000, 10);
    int chosen = blob_node(0, "chosen");
    fdt_setprop(blob, chosen, "rng-seed", "0123456789abcdef", 16);
}

static struct machine_config machine;
static struct machine_device found;

static void parse_machine(void)
{
    ck_assert_int_eq(machine_parse(blob, fdt_totalsize(blob), &machine), OK);
}

/* The UART with number `index`. */
static enum err find(unsigned index)
{
    static const char *const compatible[] = {"none", "ns16550a"};
    const struct machine_match match = {compatible, 2, true};
    parse_machine();
    return machine_device_find(blob, &match, index, &found);
}

START_TEST(test_machine_device_and_seed_found)
{
    /* A device's registers, source and properties, and the seed are found; missing ones are not. */
    uint32_t value;
    setup_machine();
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_uint_eq(found.bytes, 0x100);
    ck_assert_uint_eq(found.irq_count, 1);
    ck_assert_uint_eq(found.irq[0], 10);
    ck_assert_int_eq(machine_device_number(blob, &found, "interrupts", &value), OK);
    ck_assert_uint_eq(value, 10);
    ck_assert_int_eq(machine_device_number(blob, &found, "reg", &value), ERR_NOT_FOUND);
    ck_assert_int_eq(find(1), ERR_NOT_FOUND);
    ck_assert_uint_eq(machine.seed_bytes, 16);
    ck_assert(!machine.finisher.is_there);
    ck_assert(!machine.rtc.is_there);
}
END_TEST

START_TEST(test_system_expand_makes_an_instance_for_each_device)
{
    /* A service with an instance for each device gets further ones, with the needs of the first;
     * a guest reaches them by their names; without a device there is one. */
    static uint8_t tree[BLOB_BYTES];
    setup_machine();
    uart("serial@20000000", 0x20000000, 11);
    uart("serial@30000000", 0x30000000, 12);
    memcpy(tree, blob, sizeof tree);
    blob_setup();
    fdt_setprop(blob, fdt_path_offset(blob, "/services/disk"), "each-device", "", 0);
    ck_assert_int_eq(
        blob_text(fdt_path_offset(blob, "/guests/left/connections/1"), "service", "disk-3"), 0);
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert_int_eq(system_expand(tree, &config, &problem), OK);
    ck_assert_uint_eq(config.service_count, 4);
    ck_assert_str_eq(config.service[3].name, "disk-3");
    ck_assert_uint_eq(config.connection_count, 7);
    unsigned reached = 0, needs = 0;
    for (unsigned i = 0; i < config.connection_count; i++) {
        const struct system_connection *c = &config.connection[i];
        ck_assert_uint_ne(c->service, SYSTEM_SERVICES_MAX);
        reached += c->is_guest && c->service == 3;
        needs += !c->is_guest && c->client >= 1 && c->service == 0;
    }
    ck_assert_uint_eq(reached, 1);
    ck_assert_uint_eq(needs, 3);
    fdt_delprop(blob, fdt_path_offset(blob, "/services/disk"), "each-device");
    ck_assert_int_eq(blob_parse(), OK);
    ck_assert_int_eq(system_expand(tree, &config, &problem), OK);
    ck_assert_uint_eq(config.service_count, 2);
}
END_TEST

START_TEST(test_machine_interrupts_of_all_forms)
{
    /* "interrupts" with the parent's cells, and "interrupts-extended" with each controller's;
     * source 0, an unknown controller and a cut list end or are left out. */
    uint32_t list[10] = {0};
    setup_machine();
    int at = fdt_path_offset(blob, "/soc/serial@10000000");
    for (unsigned i = 0; i < 9; i++)
        list[i] = cpu_to_fdt32(i);
    fdt_setprop(blob, at, "interrupts", list, 36);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, MACHINE_IRQS_MAX);
    ck_assert_uint_eq(found.irq[0], 1);
    uint32_t pairs[6] = {cpu_to_fdt32(7),  cpu_to_fdt32(20), cpu_to_fdt32(7),
                         cpu_to_fdt32(21), cpu_to_fdt32(8),  cpu_to_fdt32(22)};
    fdt_setprop(blob, fdt_path_offset(blob, "/soc/serial@10000000"), "interrupts-extended", pairs,
                24);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 2);
    ck_assert_uint_eq(found.irq[1], 21);
    fdt_setprop(blob, fdt_path_offset(blob, "/soc/serial@10000000"), "interrupts-extended", pairs,
                14);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 1);
    fdt_setprop_u32(blob, fdt_path_offset(blob, "/plic"), "#interrupt-cells", UINT32_MAX);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 0);
}
END_TEST

START_TEST(test_machine_stdout_path_comes_first)
{
    /* Of several devices the one in stdout-path is the first, without its options; a disabled one
     * is none; all are found once. */
    setup_machine();
    uart("serial@20000000", 0x20000000, 11);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/chosen"), "stdout-path",
                       "/soc/serial@20000000:115200n8");
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x20000000);
    ck_assert_int_eq(find(1), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_int_eq(find(2), ERR_NOT_FOUND);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/soc/serial@20000000"), "status", "disabled");
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_int_eq(find(1), ERR_NOT_FOUND);
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
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, UINT64_C(0x4000000000));
    ranges[0] = cpu_to_fdt64(0x20000000);
    fdt_setprop(blob, fdt_path_offset(blob, "/soc"), "ranges", ranges, sizeof ranges);
    ck_assert_int_eq(find(0), ERR_NOT_FOUND);
    fdt_delprop(blob, fdt_path_offset(blob, "/soc"), "ranges");
    ck_assert_int_eq(find(0), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_machine_garbage_refused)
{
    /* Without a blob the result is an error, and the output is untouched. */
    memset(blob, 0xee, sizeof blob);
    machine.seed_bytes = 77;
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), ERR_FORMAT);
    ck_assert_uint_eq(machine.seed_bytes, 77);
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

void parse_machine_cases(TCase *tc)
{
    tcase_add_test(tc, test_machine_device_and_seed_found);
    tcase_add_test(tc, test_system_expand_makes_an_instance_for_each_device);
    tcase_add_test(tc, test_machine_interrupts_of_all_forms);
    tcase_add_test(tc, test_machine_stdout_path_comes_first);
    tcase_add_test(tc, test_machine_bus_ranges_translate);
    tcase_add_test(tc, test_machine_garbage_refused);
    tcase_add_test(tc, test_image_checked);
}
