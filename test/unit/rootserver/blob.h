/* SPDX-License-Identifier: BSD-2-Clause */
/* A compiled configuration, or a machine's device tree, that a case spoils. */
#ifndef TEST_ROOTSERVER_BLOB_H
#define TEST_ROOTSERVER_BLOB_H

#include <check.h>
#include <libfdt.h>

#include <rootserver/parse/system.h>

#define BLOB_BYTES 32768

extern uint8_t blob[BLOB_BYTES];
extern struct system_config config; /* what blob_parse() read */
extern struct problem problem;

/* Before each case: the services and two guests of a good configuration. */
void blob_setup(void);
enum err blob_parse(void);

/* Parts of the configuration.  Each returns its node. */
int blob_node(int parent, const char *name);
int blob_connection(int parent, const char *name, const char *service);
int blob_guest(const char *name, uint32_t index);
int blob_left(void);                                /* the first guest */
int blob_below(const char *name, const char *what); /* a node below a service */

int blob_text(int at, const char *name, const char *value);

/* Only the left guest is refused, and the problem names the property. */
void blob_bad_guest(const char *what);

/* The test cases of each file. */
void parse_system_cases(TCase *tc);
void parse_machine_cases(TCase *tc);

#endif
