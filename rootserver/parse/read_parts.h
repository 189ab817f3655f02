/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of system_parse() that read one thing each; only parse/ includes this. */
#ifndef ROOTSERVER_PARSE_READ_PARTS_H
#define ROOTSERVER_PARSE_READ_PARTS_H

#include <rootserver/parse/system.h>

/* Reads the node of an instance, but its options and needs.  Marks a bad one, with the reason. */
void service_parse(const void *fdt, int node, struct system_service *out);

/* Reads the subnode "options" of a node.  ERR_FORMAT: a bad option.  ERR_RANGE: too many. */
MUST_CHECK options_parse(const void *fdt, int node, struct system_config *config,
                         struct system_options *out);

/* Reads "restart" and "ping-ms".  ERR_FORMAT. */
MUST_CHECK restart_parse(const void *fdt, int node, struct system_restart *out);
MUST_CHECK ping_parse(const void *fdt, int node, uint32_t *out);

/*
 * Appends the connections below node `parent` (absent: none) of a guest or an instance.
 *   ERR_FORMAT  a connection that cannot be read, or numbers that are not 0, 1, 2...
 *   ERR_RANGE   too many
 */
MUST_CHECK connections_parse(const void *fdt, int parent, bool is_guest, unsigned client,
                             struct system_config *config);

#endif
