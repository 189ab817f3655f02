/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of served connections: attaches, answers, detaches; and the signal for its answers.
 * Called only in this folder. */
#ifndef SERVICE_CONNECTION_H
#define SERVICE_CONNECTION_H

#include <service/service.h>

void connection_init(struct service *s);

/* Signals the root server if something in the up part has changed.  The signal comes after the
 * change.  A life that ends between the two has a successor, which signals when it has answered the
 * same. */
void service_root_tell(struct service *s);

/* Reads each state word once, and acts on those that changed.  True: some did. */
bool connection_look(struct service *s);

#endif
