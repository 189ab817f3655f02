/* SPDX-License-Identifier: BSD-2-Clause */
/* The page of each vCPU that its VMM shares with the kernel: plain data, no calls. */
#ifndef RT_VCPU_PAGE_H
#define RT_VCPU_PAGE_H

#include <abi/vcpu_page.h>

#endif
