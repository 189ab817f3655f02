/* SPDX-License-Identifier: BSD-2-Clause */
/* The page a VMM shares with the kernel for each vCPU, for processes: plain data, no calls. */
#ifndef RT_VCPU_PAGE_H
#define RT_VCPU_PAGE_H

#include <abi/vcpu_page.h>

#endif
