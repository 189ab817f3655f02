/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything before the event loop. */
#ifndef ROOTSERVER_BOOT_H
#define ROOTSERVER_BOOT_H

/* Reads archive and configuration, makes the root server's own objects, and
 * sets the lives.  Ends the machine as a failure when nothing can be started.
 */
void boot_start(void);

#endif
