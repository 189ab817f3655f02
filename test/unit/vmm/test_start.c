/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <proto/console.h>
#include <rt/bootinfo.h>
#include <vmm/board/start.h>
#include <vmm/boot/isa.h>

#include "suites.h"

static struct vmm_start good(void)
{
    return (struct vmm_start){
        .version = VMM_START_VERSION,
        .vcpu_count = 1,
        .features = BOOT_FEATURE_SSTC,
        .ram_gpa = GUEST_RAM_GPA,
        .ram_address = 0x40000000,
        .ram_bytes = 16 << 20,
        .arena_address = 0x20000000,
        .arena_bytes = 0x10000,
        .state_address = 0x21000000,
        .kernel_address = 0x30000000,
        .kernel_bytes = 12345,
        .console_address = 0x22000000,
        .console_bytes = CONSOLE_REGION_BYTES,
        .satp_mode = ISA_SATP_SV48,
        .guest_seed = {1, 2, 3},
        .bootargs = "quiet",
    };
}

START_TEST(test_start_config_carries_the_record_over)
{
    /* Every part of the record reaches the machine's configuration. */
    struct vmm_start start = good();
    struct board_config config;

    ck_assert_int_eq(start_config(&start, 10000000, &config), OK);
    ck_assert_uint_eq(config.ram.gpa, GUEST_RAM_GPA);
    ck_assert_uint_eq(config.ram.bytes, 16 << 20);
    ck_assert_uint_eq((uintptr_t)config.ram.host, 0x40000000);
    ck_assert_uint_eq((uintptr_t)config.kernel, 0x30000000);
    ck_assert_uint_eq(config.kernel_bytes, 12345);
    ck_assert_ptr_null(config.initrd);
    ck_assert_uint_eq((uintptr_t)config.page[0], 0x21000000);
    ck_assert_uint_eq(config.hart_count, 1);
    ck_assert_uint_eq(config.isa_extensions, ISA_SSTC);
    ck_assert_uint_eq(config.satp_mode, ISA_SATP_SV48);
    ck_assert_uint_eq(config.timebase_hz, 10000000);
    ck_assert_str_eq(config.bootargs, "quiet");
    ck_assert_mem_eq(config.rng_seed, start.guest_seed, sizeof config.rng_seed);
    strcpy(start.isa, "rv64imafdch_zicsr_zba_zbs_sstc");
    start.features = 0;
    ck_assert_int_eq(start_config(&start, 10000000, &config), OK);
    ck_assert_uint_eq(config.isa_extensions, isa_stateless("_zba_zbs"));
    ck_assert_uint_ne(config.isa_extensions, 0);
}
END_TEST

START_TEST(test_start_config_bad_records_are_refused)
{
    /* Each error has its cause. */
    struct vmm_start start = good();
    struct board_config config;

    start.version++;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_FORMAT);
    start = good();
    memset(start.bootargs, 'x', sizeof start.bootargs);
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_FORMAT);
    start = good();
    start.vcpu_count = 2;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_NOT_SUPPORTED);
    start.vcpu_count = 0;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_NOT_SUPPORTED);
    start = good();
    start.kernel_address += 8;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_ALIGN);
    start = good();
    start.ram_bytes = 0;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_RANGE);
    start.ram_bytes = UINT64_MAX & ~UINT64_C(0xfff);
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_RANGE);
    start = good();
    start.console_bytes--;
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_RANGE);
    start.console_bytes = 0; /* 0 bytes: a guest without a console */
    ck_assert_int_eq(start_config(&start, 1, &config), OK);
    memset(start.isa, 'z', sizeof start.isa);
    ck_assert_int_eq(start_config(&start, 1, &config), ERR_FORMAT);
    for (uint32_t mode = 0; mode < 20; mode++) {
        start = good();
        start.satp_mode = mode;
        bool is_mode = mode >= ISA_SATP_SV39 && mode <= ISA_SATP_SV57;
        ck_assert_int_eq(start_config(&start, 1, &config), is_mode ? OK : ERR_FORMAT);
    }
}
END_TEST

START_TEST(test_start_connections_are_those_of_the_record)
{
    /* A record with a console region has one connection, to the UART; without, there is none. */
    struct vmm_start start = good();
    struct record_connection connection[RECORD_CONNECTIONS_MAX];
    struct board_config config;

    start.console_slot = 7;
    ck_assert_uint_eq(start_connections(&start, connection), 1);
    ck_assert_str_eq(connection[0].device, "uart16550");
    ck_assert_uint_eq((uintptr_t)connection[0].out.shared, 0x22000000 + CONSOLE_OUTPUT_SHARED);
    ck_assert_uint_eq((uintptr_t)connection[0].out.data, 0x22000000 + CONSOLE_OUTPUT_DATA);
    ck_assert_uint_eq(connection[0].out.bytes, CONSOLE_OUTPUT_BYTES);
    ck_assert_uint_eq((uintptr_t)connection[0].in.shared, 0x22000000 + CONSOLE_INPUT_SHARED);
    ck_assert_uint_eq((uintptr_t)connection[0].in.data, 0x22000000 + CONSOLE_INPUT_DATA);
    ck_assert_uint_eq(connection[0].in.bytes, CONSOLE_INPUT_BYTES);
    ck_assert_uint_eq(connection[0].signal_slot, 7);
    ck_assert_int_eq(start_config(&start, 10000000, &config), OK);
    ck_assert_int_eq(board_connect(&config, connection[0].device, &stream_none), OK);
    start.console_bytes = 0;
    ck_assert_uint_eq(start_connections(&start, connection), 0);
}
END_TEST

TCase *start_tcase(void)
{
    TCase *tcase = tcase_create("start");
    tcase_add_test(tcase, test_start_config_carries_the_record_over);
    tcase_add_test(tcase, test_start_config_bad_records_are_refused);
    tcase_add_test(tcase, test_start_connections_are_those_of_the_record);
    return tcase;
}
