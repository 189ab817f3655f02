/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own engine under a libFuzzer harness, for machines without libFuzzer:
 *
 *     fuzz-NAME [--runs N] [--seconds N] [--seed N] [--most BYTES] [--keep FOLDER]
 *              [--finding 1] PATH...
 *
 * Each PATH (an input, or a folder of inputs) is replayed; with --runs or --seconds the
 * inputs are then mutated, and an input that takes a new edge of the code joins them.
 * With --runs a seed repeats its run.  Prints TAP.  An input that fails is
 * written to finding-NAME.bin in the working directory, which is replayed as a PATH.
 * With --finding 1 the code is known to be wrong, and the oracle is tested: then a finding is
 * required.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

#define EDGES        (1u << 16)
#define ENTRIES_MAX  8192u
#define HANG_SECONDS 20u

struct entry {
    uint8_t *bytes;
    size_t size;
};

static struct {
    const char *name;
    uint64_t runs, seconds, seed;
    size_t most;
    const char *keep;
    bool wants_finding;
    struct entry entry[ENTRIES_MAX];
    unsigned entry_count, edge_count;
    uint8_t *input; /* the current input, in a heap block of exactly its size */
    size_t input_size;
    volatile uint64_t run_count;
} fuzz = {.seed = 1, .most = 4096};

/* ---- What the compiler calls ------------------------------------------------------- */

static uint8_t seen[EDGES];     /* by all runs: a bit for each of 8 classes of counts */
static uint8_t edge_hit[EDGES]; /* count of this run, up to 255 */
static uint16_t edge_list[EDGES];
static unsigned edge_list_count;
static uint32_t edge_last;
static struct mutate_words words;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&LLVMFuzzerTestOneInput;
    uint32_t here = (uint32_t)(pc * UINT64_C(0x9e3779b97f4a7c15) >> 40);
    uint32_t edge = (here ^ edge_last) % EDGES;

    edge_last = here >> 1;
    if (edge_hit[edge] == 0)
        edge_list[edge_list_count++] = (uint16_t)edge;
    if (edge_hit[edge] < 255)
        edge_hit[edge]++;
}

static void note_constant(uint64_t value)
{
    if (value < 256)
        return;
    for (unsigned i = 0; i < words.count && i < 256; i++)
        if (words.value[i] == value)
            return;
    words.value[words.count++ % 256] = value;
}

#define TRACE_CONST_CMP(bits)                                                                      \
    void __sanitizer_cov_trace_const_cmp##bits(uint64_t constant, uint64_t value);                 \
    void __sanitizer_cov_trace_const_cmp##bits(uint64_t constant, uint64_t value)                  \
    {                                                                                              \
        (void)value;                                                                               \
        note_constant(constant);                                                                   \
    }                                                                                              \
    void __sanitizer_cov_trace_cmp##bits(uint64_t a, uint64_t b);                                  \
    void __sanitizer_cov_trace_cmp##bits(uint64_t a, uint64_t b)                                   \
    {                                                                                              \
        (void)a, (void)b;                                                                          \
    }
TRACE_CONST_CMP(1)
TRACE_CONST_CMP(2)
TRACE_CONST_CMP(4)
TRACE_CONST_CMP(8)

/* cases[0] is how many there are, their values begin at cases[2]. */
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases);
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases)
{
    (void)value;
    for (uint64_t i = 0; i < cases[0]; i++)
        note_constant(cases[2 + i]);
}

/* ---- Findings ---------------------------------------------------------------------- */

static void file_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(bytes, 1, size, file) != size)
        fprintf(stderr, "%s could not be written\n", path);
    if (file)
        fclose(file);
}

static void on_death(void)
{
    char path[128];

    if (fuzz.wants_finding) {
        printf("ok 1 - %s: the fault is found by run %llu\n1..1\n", fuzz.name,
               (unsigned long long)fuzz.run_count);
        fflush(stdout);
        _exit(0);
    }
    snprintf(path, sizeof path, "finding-%s.bin", fuzz.name);
    if (fuzz.input)
        file_write(path, fuzz.input, fuzz.input_size);
    printf("not ok - %s: input of %zu bytes, run %llu of seed %llu\n"
           "# kept as %s; fuzz-%s %s runs it again\n",
           fuzz.name, fuzz.input_size, (unsigned long long)fuzz.run_count,
           (unsigned long long)fuzz.seed, path, fuzz.name, path);
    fflush(stdout);
}

/* Findings of the sanitizers end in abort() too, as the oracle's do. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:detect_leaks=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    on_death();
    _exit(1);
}

static void on_alarm(int signal_number)
{
    static uint64_t before = UINT64_MAX;

    if (fuzz.run_count == before) {
        fprintf(stderr, "one input took more than %u seconds\n", HANG_SECONDS);
        on_abort(signal_number);
    }
    before = fuzz.run_count;
    alarm(HANG_SECONDS);
}

/* ---- Running ----------------------------------------------------------------------- */

/* Classes of counts: 1, 2, 3, up to 7, 15, 31, 127, more.  A new count of a loop may be new. */
static uint8_t class_of(unsigned hits)
{
    static const uint8_t most[] = {1, 2, 3, 7, 15, 31, 127};
    unsigned class = 0;

    while (class < sizeof most && hits > most[class])
        class ++;
    return (uint8_t)(1u << class);
}

/* True if the input took a new edge, or an edge in a new class of counts. */
static bool run(const uint8_t *bytes, size_t size)
{
    bool is_new = false;

    fuzz.input = malloc(size ? size : 1);
    if (!fuzz.input)
        abort();
    memcpy(fuzz.input, bytes, size);
    fuzz.input_size = size;
    edge_list_count = 0;
    edge_last = 0;
    LLVMFuzzerTestOneInput(fuzz.input, size);
    for (unsigned i = 0; i < edge_list_count; i++) {
        unsigned edge = edge_list[i];
        uint8_t class = class_of(edge_hit[edge]);
        edge_hit[edge] = 0;
        is_new |= !(seen[edge] & class);
        fuzz.edge_count += seen[edge] == 0;
        seen[edge] |= class;
    }
    free(fuzz.input);
    fuzz.input = NULL;
    fuzz.run_count = fuzz.run_count + 1;
    return is_new;
}

static void entry_add(const uint8_t *bytes, size_t size)
{
    if (fuzz.entry_count == ENTRIES_MAX)
        return;
    struct entry *entry = &fuzz.entry[fuzz.entry_count++];
    entry->bytes = malloc(size ? size : 1);
    if (!entry->bytes)
        abort();
    memcpy(entry->bytes, bytes, size);
    entry->size = size;
}

static void keep(const uint8_t *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char path[512];

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    snprintf(path, sizeof path, "%s/%016llx.bin", fuzz.keep, (unsigned long long)hash);
    file_write(path, bytes, size);
}

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[1 << 20];

    if (!file) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (run(bytes, size) && fuzz.keep)
        keep(bytes, size);
    entry_add(bytes, size);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In alphabetical order, so that a run repeats. */
static void replay(const char *path)
{
    struct dirent **list = NULL;
    struct stat status;
    char name[1024];

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        int count = scandir(path, &list, is_input, alphasort);
        for (int i = 0; i < count; i++) {
            snprintf(name, sizeof name, "%s/%s", path, list[i]->d_name);
            replay_file(name);
            free(list[i]);
        }
        free(list);
        return;
    }
    replay_file(path);
}

static bool goes_on(uint64_t done, time_t end)
{
    if (fuzz.seconds)
        return (done & 63) || time(NULL) < end;
    return done < fuzz.runs;
}

static uint64_t mutate_all(void)
{
    uint8_t *bytes = malloc(fuzz.most);
    uint64_t random = fuzz.seed * UINT64_C(0x9e3779b97f4a7c15) | 1, done = 0;
    time_t end = time(NULL) + (time_t)fuzz.seconds;

    if (!bytes)
        abort();
    if (fuzz.entry_count == 0)
        entry_add((const uint8_t *)"\0", 1);
    for (; goes_on(done, end); done++) {
        const struct entry *entry = &fuzz.entry[mutate_random(&random) % fuzz.entry_count];
        const struct entry *other = &fuzz.entry[mutate_random(&random) % fuzz.entry_count];
        size_t size = entry->size < fuzz.most ? entry->size : fuzz.most;
        memcpy(bytes, entry->bytes, size);
        size = mutate(&random, bytes, size, fuzz.most, other->bytes, other->size, &words);
        if (run(bytes, size)) {
            entry_add(bytes, size);
            if (fuzz.keep)
                keep(bytes, size);
        }
    }
    free(bytes);
    return done;
}

/* ---- Words ------------------------------------------------------------------------- */

static bool take_option(const char *word, const char *value)
{
    if (strcmp(word, "--runs") == 0)
        fuzz.runs = strtoull(value, NULL, 0);
    else if (strcmp(word, "--seconds") == 0)
        fuzz.seconds = strtoull(value, NULL, 0);
    else if (strcmp(word, "--seed") == 0)
        fuzz.seed = strtoull(value, NULL, 0);
    else if (strcmp(word, "--most") == 0)
        fuzz.most = (size_t)strtoull(value, NULL, 0);
    else if (strcmp(word, "--keep") == 0)
        fuzz.keep = value;
    else if (strcmp(word, "--finding") == 0)
        fuzz.wants_finding = strcmp(value, "0") != 0;
    else
        return false;
    return true;
}

static void set_up(const char *program)
{
    const char *slash = strrchr(program, '/');

    fuzz.name = slash ? slash + 1 : program;
    if (strncmp(fuzz.name, "fuzz-", 5) == 0)
        fuzz.name += 5;
    signal(SIGABRT, on_abort);
    signal(SIGALRM, on_alarm);
    alarm(HANG_SECONDS);
}

/* Mutates the replayed inputs as requested, and prints the result.  True: success. */
static bool report(void)
{
    unsigned replayed = fuzz.entry_count, edges = fuzz.edge_count;
    bool mutates = fuzz.runs || fuzz.seconds;
    uint64_t done = mutates ? mutate_all() : 0;

    if (fuzz.wants_finding) {
        printf("not ok 1 - %s: a fault that is there is not found\n1..1\n", fuzz.name);
        return false;
    }
    printf("%sok 1 - %s: %u inputs replayed, %u edges\n", replayed ? "" : "not ", fuzz.name,
           replayed, edges);
    if (mutates)
        printf("ok 2 - %s: %llu mutations of seed %llu, %u edges, %u inputs\n", fuzz.name,
               (unsigned long long)done, (unsigned long long)fuzz.seed, fuzz.edge_count,
               fuzz.entry_count);
    printf("1..%d\n", mutates ? 2 : 1);
    return replayed > 0;
}

int main(int argc, char **argv)
{
    int at = 1;

    set_up(argv[0]);
    while (at + 1 < argc && strncmp(argv[at], "--", 2) == 0) {
        if (!take_option(argv[at], argv[at + 1])) {
            fprintf(stderr, "no such option: %s\n", argv[at]);
            return 2;
        }
        at += 2;
    }
    for (; at < argc; at++)
        replay(argv[at]);
    bool is_good = report();
    for (unsigned i = 0; i < fuzz.entry_count; i++)
        free(fuzz.entry[i].bytes);
    return is_good ? 0 : 1;
}
