/* SPDX-License-Identifier: BSD-2-Clause */
/* Which devices a guest has, where they are, and what their ports are connected to. */
#include <string.h>

#include <vmm/board/board.h>
#include <vmm/board/sections.h>

#include <test/fakes/vmm_fake.h>
#include "suites.h"

static const struct dev_model slotted = {.name = "slotted",
                                         .place = DEV_PLACE_SLOT,
                                         .state = {.version = 1, .bytes = 16},
                                         .queue_state = {.version = 1, .bytes = 8},
                                         .port = {"line", DEV_PORT_STREAM},
                                         .region_bytes = 0x1000};

/* Not on the list of models: a test's own. */
static void put(struct board_config *config, const struct dev_model *model)
{
    config->device[config->device_count++] =
        (struct board_device){.model = model, .stream = stream_none};
}

static struct board_config started(void)
{
    struct board_config config = {.hart_count = 1};
    ck_assert_int_eq(board_start(&config), OK);
    return config;
}

static const struct board_device *find(const struct board_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->device_count; i++)
        if (strcmp(config->device[i].model->name, name) == 0)
            return &config->device[i];
    return NULL;
}

START_TEST(test_board_start_has_what_every_guest_has)
{
    /* An empty configuration has the interrupt controller alone. */
    struct board_config config = started();

    ck_assert_uint_eq(config.device_count, 1);
    ck_assert_ptr_nonnull(find(&config, "plic"));
    ck_assert_int_eq(board_place(&config), OK);
    config.device_count = 0;
    ck_assert_int_eq(board_place(&config), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_board_add_defaults_are_the_devices_of_virt)
{
    /* Each device has the address and the interrupt of QEMU's `virt`, by rising address. */
    static const struct {
        const char *name;
        uint64_t gpa;
        uint32_t irq;
    } wanted[] = {{"syscon", 0x100000, 0},
                  {"goldfish-rtc", 0x101000, 11},
                  {"plic", 0xc000000, 0},
                  {"uart16550", 0x10000000, 10},
                  {"virtio-slots", 0x10001000, 0}};
    struct board_config config = started();

    ck_assert_int_eq(board_add_defaults(&config), OK);
    ck_assert_int_eq(board_place(&config), OK);
    ck_assert_uint_eq(config.device_count, sizeof wanted / sizeof wanted[0]);
    for (uint32_t i = 0; i < config.device_count; i++) {
        ck_assert_str_eq(config.device[i].model->name, wanted[i].name);
        ck_assert_uint_eq(config.device[i].gpa, wanted[i].gpa);
        ck_assert_uint_eq(config.device[i].irq, wanted[i].irq);
    }
}
END_TEST

START_TEST(test_board_add_names_one_device)
{
    /* A fixed device is there once; an unknown name and a full list are errors. */
    struct board_config config = started();

    ck_assert_int_eq(board_add(&config, "goldfish-rtc"), OK);
    ck_assert_int_eq(board_add(&config, "goldfish-rtc"), OK);
    ck_assert_int_eq(board_add(&config, "plic"), OK);
    ck_assert_uint_eq(config.device_count, 2);
    ck_assert_int_eq(board_add(&config, "goldfish"), ERR_NOT_FOUND);
    ck_assert_int_eq(board_add(&config, ""), ERR_NOT_FOUND);
    while (config.device_count < BOARD_DEVICES_MAX)
        put(&config, &slotted);
    ck_assert_int_eq(board_add(&config, "syscon"), ERR_NO_SLOT);
    ck_assert_int_eq(board_add_defaults(&config), ERR_NO_SLOT);
    ck_assert_int_eq(board_connect(&config, "uart16550", &stream_none), ERR_NO_SLOT);
}
END_TEST

START_TEST(test_board_connect_finds_or_adds_the_device)
{
    /* A connection brings its device with it; one port takes one connection. */
    struct board_config config = started();
    struct stream_port port = {.opaque = &config};

    ck_assert_int_eq(board_connect(&config, "uart16550", &port), OK);
    ck_assert_ptr_eq(find(&config, "uart16550")->stream.opaque, &config);
    ck_assert_int_eq(board_add_defaults(&config), OK);
    ck_assert_uint_eq(config.device_count, 5);
    ck_assert(find(&config, "uart16550")->is_connected);
    ck_assert_int_eq(board_connect(&config, "uart16550", &port), ERR_EXISTS);
    ck_assert_int_eq(board_connect(&config, "plic", &port), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(board_connect(&config, "modem", &port), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_board_place_gives_slots_in_turn)
{
    /* Each device of a slot has an address and an interrupt of its own; the ninth is refused. */
    struct board_config config = started();

    ck_assert_int_eq(board_add_defaults(&config), OK);
    for (uint32_t i = 0; i < DEV_SLOTS; i++)
        put(&config, &slotted);
    ck_assert_int_eq(board_place(&config), OK);
    const struct board_device *device = &config.device[config.device_count - DEV_SLOTS];
    for (uint32_t i = 0; i < DEV_SLOTS; i++) {
        ck_assert_ptr_eq(device[i].model, &slotted);
        ck_assert_uint_eq(device[i].gpa, 0x10001000 + 0x1000 * i);
        ck_assert_uint_eq(device[i].irq, 1 + i);
        ck_assert_uint_eq(device[i].instance, i);
    }
    put(&config, &slotted);
    ck_assert_int_eq(board_place(&config), ERR_NO_SLOT);
}
END_TEST

START_TEST(test_board_place_refuses_a_shared_interrupt)
{
    /* Two devices never drive one source. */
    static const struct dev_model other = {.name = "other", .irq = 11};
    struct board_config config = started();

    ck_assert_int_eq(board_add_defaults(&config), OK);
    put(&config, &other);
    ck_assert_int_eq(board_place(&config), ERR_EXISTS);
}
END_TEST

START_TEST(test_sections_each_part_of_a_device_has_its_own)
{
    /* States, queue states and streams are sections with unique names; the order of the calls
     * does not matter. */
    static const char *const wanted[] = {
        "machine",      "text",      "goldfish-rtc",   "plic",          "uart16550",      "slotted",
        "slotted.line", "slotted#1", "slotted#1.line", "slotted.queue", "slotted#1.queue"};
    struct board_config config = started();
    struct sections list;

    put(&config, &slotted);
    ck_assert_int_eq(board_add_defaults(&config), OK);
    put(&config, &slotted);
    ck_assert_int_eq(board_place(&config), OK);
    ck_assert_int_eq(sections_list(&config, &list), OK);
    ck_assert_uint_eq(list.count, sizeof wanted / sizeof wanted[0]);
    for (uint32_t i = 0; i < list.count; i++)
        ck_assert_str_eq(list.want[i].name, wanted[i]);
    for (uint32_t i = 0; i < list.count; i++)
        ck_assert_int_eq(list.want[i].writer,
                         strstr(wanted[i], ".queue") ? ARENA_WRITER_QUEUE : ARENA_WRITER_VCPU);
}
END_TEST

START_TEST(test_sections_too_many_or_too_long_are_refused)
{
    /* More sections than the arena has, and a name without its zero byte. */
    static const struct dev_model longer = {.name = "a-name-of-all-24-letters",
                                            .state = {.version = 1, .bytes = 4}};
    struct board_config config = started();
    struct sections list;

    while (config.device_count < BOARD_DEVICES_MAX)
        put(&config, &slotted);
    ck_assert_int_eq(sections_list(&config, &list), ERR_NO_SLOT);
    ck_assert_uint_eq(machine_arena_bytes(&config), 0);
    config = started();
    put(&config, &longer);
    ck_assert_int_eq(sections_list(&config, &list), ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_board_models_say_all_that_the_board_needs)
{
    /* Names are unique and fit a section; a place, an interrupt and a width for each register. */
    for (const struct dev_model *const *at = dev_models; *at; at++) {
        const struct dev_model *model = *at;
        struct board_config config = started();
        struct sections list;
        for (const struct dev_model *const *other = dev_models; other != at; other++)
            ck_assert_str_ne(model->name, (*other)->name);
        ck_assert_int_eq(board_add(&config, model->name), OK);
        ck_assert_int_eq(board_place(&config), OK);
        ck_assert_int_eq(sections_list(&config, &list), OK);
        ck_assert(model->region_bytes == 0 || (model->read && model->write && model->widths));
        ck_assert(!model->node || model->compatible[0]);
        ck_assert(!model->text_take || model->port.kind == DEV_PORT_STREAM);
    }
}
END_TEST

START_TEST(test_machine_without_a_device_has_none_of_it)
{
    /* A guest without one of the devices boots, and finds nothing at the device's address. */
    static const struct {
        const char *name;
        uint64_t gpa;
    } rows[] = {{"goldfish-rtc", 0x101000},
                {"uart16550", 0x10000000},
                {"syscon", 0x100000},
                {"virtio-slots", 0x10001000}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vmm_fake *fake = fake_new_without(rows[i].name);
        uint64_t value;
        for (size_t other = 0; other < sizeof rows / sizeof rows[0]; other++)
            ck_assert_int_eq(fake_read(fake, rows[other].gpa, 4, &value),
                             other == i ? ERR_RANGE : OK);
        fake->wall_ns = UINT64_MAX;
        ck_assert_uint_eq(machine_deadline_ns(&fake->machine), DEV_NO_DEADLINE);
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_machine_state_of_other_devices_is_refused)
{
    /* A VMM with another list of devices refuses the state: it would lose a device's. */
    struct vmm_fake *fake = fake_new_without("goldfish-rtc"), *other = fake_new(1);
    struct machine machine;
    bool is_taken_over = true;

    ck_assert_uint_gt(other->arena_bytes, fake->arena_bytes);
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, other->arena, other->arena_bytes, &is_taken_over),
        ERR_FORMAT);
    ck_assert_str_eq(machine.problem.name, "goldfish-rtc");
    ck_assert_uint_eq(machine.problem.wanted, 0);
    fake_free(fake);
    fake_free(other);
}
END_TEST

TCase *board_tcase(void)
{
    TCase *tcase = tcase_create("board");
    tcase_add_test(tcase, test_board_start_has_what_every_guest_has);
    tcase_add_test(tcase, test_board_add_defaults_are_the_devices_of_virt);
    tcase_add_test(tcase, test_board_add_names_one_device);
    tcase_add_test(tcase, test_board_connect_finds_or_adds_the_device);
    tcase_add_test(tcase, test_board_place_gives_slots_in_turn);
    tcase_add_test(tcase, test_board_place_refuses_a_shared_interrupt);
    tcase_add_test(tcase, test_sections_each_part_of_a_device_has_its_own);
    tcase_add_test(tcase, test_sections_too_many_or_too_long_are_refused);
    tcase_add_test(tcase, test_board_models_say_all_that_the_board_needs);
    tcase_add_test(tcase, test_machine_without_a_device_has_none_of_it);
    tcase_add_test(tcase, test_machine_state_of_other_devices_is_refused);
    return tcase;
}
