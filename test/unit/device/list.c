/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the name of each model that the VMM is built with, and its enum dev_presence. */
#include <stdio.h>

#include <vmm/board/dev.h>

int main(void)
{
    static const char *const presence[] = {
        [DEV_ON_REQUEST] = "DEV_ON_REQUEST",
        [DEV_BY_DEFAULT] = "DEV_BY_DEFAULT",
        [DEV_ALWAYS] = "DEV_ALWAYS",
    };

    for (const struct dev_model *const *model = dev_models; *model; model++)
        printf("%s %s\n", (*model)->name, presence[(*model)->presence]);
    return 0;
}
