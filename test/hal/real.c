/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs in place of the kernel: prints the real HAL's answers, and ends with a failure status. */
#include <kernel/boot/machine.h>
#include <kernel/hal/boot.h>
#include <kernel/hal/hal.h>
#include <kernel/print.h>

#include "registers.h"

static void line(const char *what, uint64_t about, uint64_t value, uint64_t answer)
{
    print_text("hal: ");
    print_text(what);
    print_text(" ");
    print_hex(about);
    print_text(" ");
    print_hex(value);
    print_text(": ");
    print_hex(answer);
    print_text("\n");
}

void kernel_main(uint64_t hart_id, hpa_t dtb)
{
    const void *tree = hal_phys_to_virt(dtb);
    const char *problem = "no device tree";
    struct machine machine;
    uint64_t bytes;

    if (machine_dtb_bytes(tree, &bytes) == OK &&
        machine_parse(tree, bytes, hart_id, &machine, &problem) == OK &&
        hal_setup(&machine, &problem) == OK) {
        hal_set_test_device(machine.test);
        registers_show(line);
        problem = "end";
    }
    print_text("hal: ");
    print_text(problem);
    print_text("\n");
    hal_machine_fail(1);
}
