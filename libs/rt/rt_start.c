/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts musl and main().  musl needs argc, argv, envp and an auxiliary vector, laid out as
 * in the System V ABI ("Process Initialization").  Code before __libc_start_main() must not
 * use a libc function that needs TLS.
 */
#include <elf.h>
#include <string.h>

#include "rt_state.h"

struct rt_state rt_state;

/* The linker puts the ELF headers at the start of the first segment, so they are in memory. */
extern const Elf64_Ehdr __ehdr_start __attribute__((__visibility__("hidden")));

/* musl's entry; the last three arguments are not used by a static program. */
ATTR_NORETURN int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                                    void (*init)(void), void (*fini)(void), void (*ldso)(void));
int main(int argc, char **argv, char **envp);

struct stack_vectors {
    const char *argv[2];
    const char *envp[1];
    uint64_t aux[6][2];
};

_Static_assert(offsetof(struct stack_vectors, aux) == 3 * sizeof(char *), "no gap before the auxv");

/* Of musl: bytes that pthread_create() allocates for a stack and its guard.  A thread has a planned
 * stack; musl puts only the arguments of the thread's first function on the allocated one. */
extern unsigned __default_stacksize, __default_guardsize;
#define ARGUMENTS_BYTES 512

ATTR_NORETURN void rt_enter(const struct rt_config *config)
{
    rt_state.config = *config;
    rt_pages_init(&rt_state.pages, config->heap, config->heap_bytes);
    rt_threads_init(config->thread);
    __default_stacksize = ARGUMENTS_BYTES;
    __default_guardsize = 0;

    const Elf64_Ehdr *ehdr = &__ehdr_start;
    struct stack_vectors vectors = {
        .argv = {rt_state.config.name, NULL},
        .envp = {NULL},
        .aux =
            {
                {AT_PHDR, (uint64_t)(uintptr_t)ehdr + ehdr->e_phoff},
                {AT_PHENT, ehdr->e_phentsize},
                {AT_PHNUM, ehdr->e_phnum},
                {AT_PAGESZ, RT_PAGE_BYTES},
                {AT_RANDOM, (uint64_t)(uintptr_t)rt_state.config.entropy},
                {AT_NULL, 0},
            },
    };
    __libc_start_main(main, 1, (char **)vectors.argv, NULL, NULL, NULL);
    __builtin_unreachable();
}

uint64_t rt_time_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}

void rt_code_publish(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}

uint64_t rt_timebase_hz(void)
{
    return rt_state.config.timebase_hz;
}

uint64_t rt_realtime_ns(void)
{
    return rt_state.config.realtime_ns;
}
