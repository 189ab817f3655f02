/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of served connections: attaches, answers, detaches.  Called only by service.c. */
#ifndef SERVICE_CONNECTION_H
#define SERVICE_CONNECTION_H

#include <service/service.h>

void connection_init(struct service *s);

/* Reads each state word once, and acts on those that changed.  True: some did. */
bool connection_look(struct service *s);

#endif
