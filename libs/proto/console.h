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
 * The client signals the console through a Notification capability whose badge is the
 * client's bit.  The console signals the client's wake notification with
 * CONSOLE_CLIENT_BIT.  Each side signals only if the ring says that the other side waits.
 *
 * Input is passed on as it is typed.  The service writes text, colours and cursor movement
 * to the shared terminal, but no queries.  While the client is in front, the service takes
 * output as fast as the terminal does; otherwise the service takes output at once, into the
 * scrollback.  A client whose ring is full waits for the signal.
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

/* The bit that the console service sets in the client's wake notification. */
#define CONSOLE_CLIENT_BIT    (UINT64_C(1) << 0)

#endif
