/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a service (service/service.h) on the kernel. */
#ifndef RT_RT_SERVICE_H
#define RT_RT_SERVICE_H

#include <service/service.h>

/*
 * Runs the service for ever: finds the control region in the start record, waits for signals and
 * calls, and acknowledges each interrupt of the service's devices after the turns in which the
 * model has served the device, before the next wait.  The answer to a call goes out when the
 * service waits again.  `s` needs no initialisation.  Returns only if the service cannot begin; the
 * result is the process's exit code.
 */
int rt_service_run(struct service *s, const struct service_model *model);

#endif
