/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's console: one region of shared memory with two byte rings
 * (ring/ring.h), mapped read-write by the client and by the console service.
 *
 *   0x0000  struct ring_shared   output: client -> console
 *   0x0800  struct ring_shared   input:  console -> client
 *   0x1000  CONSOLE_OUTPUT_BYTES of output data
 *   0x5000  CONSOLE_INPUT_BYTES  of input data
 *
 * The client signals the console with the Notification capability it was given
 * (its badge is the client's bit), the console signals the client's wake
 * notification with CONSOLE_CLIENT_BIT.  Both signal only when the ring says
 * that the other side waits.
 *
 * Input is passed on as it is typed.  Of the output, the service shows what a shared
 * terminal can take: text, colours and cursor movement, but no queries.  The service
 * takes output as fast as the terminal takes it while the client is in front, and at
 * once, into the scrollback, while it is not: a full ring means "wait for the signal".
 */
#ifndef PROTO_CONSOLE_H
#define PROTO_CONSOLE_H

#include <stdint.h>

#define CONSOLE_OUTPUT_SHARED 0x0000
#define CONSOLE_INPUT_SHARED  0x0800
#define CONSOLE_OUTPUT_DATA   0x1000
#define CONSOLE_OUTPUT_BYTES  0x4000
#define CONSOLE_INPUT_DATA    0x5000
#define CONSOLE_INPUT_BYTES   0x1000
#define CONSOLE_REGION_BYTES  0x6000

/* Bit in the client's wake notification that the console service sets. */
#define CONSOLE_CLIENT_BIT    (UINT64_C(1) << 0)

#endif
