/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/trace.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define FRAMES_MAX     UINT64_C(16)
#define SMALL_BITS     12u
#define BIG_BITS       21u
#define SIZE_BYTES_MAX (FRAMES_MAX << BIG_BITS)

/* In the order of the kernel's events. */
static const char *const event_names[] = {"exits",    "calls",   "signals",
                                          "switches", "entries", "interrupts"};

#define EVENT_COUNT (sizeof event_names / sizeof event_names[0])

static bool trace_is_word(const char *text, size_t bytes, const char *word)
{
    return strlen(word) == bytes && memcmp(text, word, bytes) == 0;
}

/* The mask of one event name; 0: there is no such event. */
static uint64_t trace_event_mask(const char *text, size_t bytes)
{
    if (trace_is_word(text, bytes, "all"))
        return (UINT64_C(1) << EVENT_COUNT) - 1;
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        if (trace_is_word(text, bytes, event_names[i]))
            return UINT64_C(1) << i;
    }
    return 0;
}

static MUST_CHECK trace_events_parse(const char *text, uint64_t *mask, struct problem *problem)
{
    for (;;) {
        size_t bytes = strcspn(text, ", ");
        uint64_t one = trace_event_mask(text, bytes);
        if (one == 0) {
            problem_set(
                problem,
                "warren.trace=: there is no event %.*s; the events are exits, calls, signals, "
                "switches, entries, interrupts, all",
                bytes < 20 ? (int)bytes : 20, text);
            return ERR_INVALID_ARG;
        }
        *mask |= one;
        if (text[bytes] != ',')
            return OK;
        text += bytes + 1;
    }
}

static MUST_CHECK trace_size_parse(const char *text, struct trace_request *out,
                                   struct problem *problem)
{
    uint64_t size = 0;

    while (*text >= '0' && *text <= '9' && size <= SIZE_BYTES_MAX)
        size = size * 10 + (uint64_t)(*text++ - '0');
    unsigned shift = *text == 'M' ? 20 : *text == 'K' ? 10 : 0;
    if (shift != 0)
        text++;
    if ((*text != 0 && *text != ' ') || size == 0 || size > SIZE_BYTES_MAX >> shift) {
        problem_set(problem, "warren.trace-size=: write a number such as 64K or 2M, up to 32M");
        return ERR_INVALID_ARG;
    }
    size <<= shift;
    out->frame_bits = size <= FRAMES_MAX << SMALL_BITS ? SMALL_BITS : BIG_BITS;
    out->frame_count = (unsigned)((size + (UINT64_C(1) << out->frame_bits) - 1) >> out->frame_bits);
    return OK;
}

MUST_CHECK trace_parse(const char *bootargs, struct trace_request *out, struct problem *problem)
{
    static const char events[] = "warren.trace=", size[] = "warren.trace-size=";
    struct trace_request request = {.frame_bits = BIG_BITS, .frame_count = 1};
    enum err err = OK;

    *out = (struct trace_request){0};
    while (*bootargs != 0 && err == OK) {
        bootargs += strspn(bootargs, " ");
        if (strncmp(bootargs, events, sizeof events - 1) == 0)
            err = trace_events_parse(bootargs + sizeof events - 1, &request.mask, problem);
        else if (strncmp(bootargs, size, sizeof size - 1) == 0)
            err = trace_size_parse(bootargs + sizeof size - 1, &request, problem);
        bootargs += strcspn(bootargs, " ");
    }
    if (err == OK)
        *out = request;
    return err;
}
