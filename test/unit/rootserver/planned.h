/* SPDX-License-Identifier: BSD-2-Clause */
/* A sample configuration, its plan, and the model of the kernel that carries the plan out. */
#ifndef TEST_ROOTSERVER_PLANNED_H
#define TEST_ROOTSERVER_PLANNED_H

#include <check.h>

#include "model.h"
#include "sample.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

extern struct sample sample;
extern struct plan plan;
extern struct model model;
extern struct problem sample_last; /* of the last part that could not be planned */

/* A sample with guests; then its whole plan; then all of the plan on the model. */
void planned_make(unsigned guests, uint64_t memory, uint64_t ram);
void planned_plan(void);
void planned_run(void);
void planned_release(void);

/* Where `address` of a space leads; NULL: it is not mapped. */
const struct model_mapping *planned_mapping(uint32_t space, uint64_t address);

/* A process's and a guest's space in the model, and the process of a guest. */
uint32_t planned_vspace(unsigned process);
uint32_t planned_gspace(unsigned guest);
unsigned planned_vmm(unsigned guest);
bool planned_has_guest(unsigned guest);

/* The test cases of each file. */
void plan_maps_cases(TCase *tc);
void plan_lists_cases(TCase *tc);
void plan_record_cases(TCase *tc);
void plan_refused_cases(TCase *tc);

#endif
