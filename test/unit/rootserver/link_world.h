/* SPDX-License-Identifier: BSD-2-Clause */
/* One process with a control region and lines, its shared memory, and the time. */
#ifndef TEST_ROOTSERVER_LINK_WORLD_H
#define TEST_ROOTSERVER_LINK_WORLD_H

#include <check.h>

#include <rootserver/link/lines.h>
#include <rootserver/link/link.h>

#define HZ                    UINT64_C(10000000)
#define PING                  HZ
#define BELL                  9u
#define LINK_WORLD_KLOG_BYTES (1u << 16)
#define LINK_WORLD_DOWN_BYTES 0x11000u
#define LINK_WORLD_UP_BYTES   0x3000u

extern uint8_t down[LINK_WORLD_DOWN_BYTES], up[LINK_WORLD_UP_BYTES];
extern struct link link_;
extern struct lines lines;
extern uint64_t now_ticks;
extern unsigned signals; /* of the process's Notification */
extern char klog_text[LINK_WORLD_KLOG_BYTES];
extern size_t klog_bytes;

/* The parts of the control region; the process may write anything into the up part. */
struct control_down *world_down(void);
struct control_up *world_up(void);
struct control_connection *world_table(void);
struct control_answer *world_answers(void);

/* Begins a life of the process. */
void world_begin(uint64_t progress_ticks);
void world_setup(void);

uint64_t world_deadline(void);
const char *world_fault(void);

/* Lets time pass up to `until`; `live` is the process. */
void world_run(uint64_t until, void (*live)(void));
/* A process that answers pings and does nothing else. */
void world_live_pong(void);

/* The test cases of each file. */
void link_ping_cases(TCase *tc);
void link_offers_cases(TCase *tc);
void lines_cases(TCase *tc);

#endif
