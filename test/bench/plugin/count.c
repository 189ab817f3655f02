/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts instructions between markers, for a machine with one hart.
 *
 *   -plugin count.so,out=FILE[,sites=on][,watch=MODE:ADDRESS:INSN]
 *
 * A marker is the instruction `slti x0, x0, N` (a HINT, which does nothing), in any mode.  A mode's
 * first instruction is a marker of its own, and so is the watched one (address and instruction
 * word in hexadecimal).  At each, FILE gets what was added since the one before, on lines
 *
 *   mark N MODE                      or: first MODE, or: watch MODE
 *   count MODE INSTRUCTIONS          for each mode with any
 *   change FROM TO TIMES             changes from one mode to another
 *   csr NUMBER TIMES                 writes of a CSR in HS mode, by instructions that write it
 *   site MODE PAGE ADDRESS INSN TIMES      with sites=on: all of M, HS and U mode; hexadecimal
 *   end
 *
 * An instruction that traps has been counted, and is again when it is executed again.
 */
#include <inttypes.h>
#include <qemu-plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sites.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

enum mode { MODE_M, MODE_HS, MODE_U, MODE_VS, MODE_VU, MODE_COUNT };

static const char *const mode_name[MODE_COUNT] = { "M", "HS", "U", "VS", "VU" };

#define CSR_COUNT   4096u
#define MARK_MASK   UINT32_C(0x000fffff)
#define MARK_INSN   UINT32_C(0x00002013) /* slti x0, x0, 0 */
#define PAGE_BITS   12u

/* What the translated code itself adds to, then how far it has been printed. */
struct counters {
    uint64_t mode;
    uint64_t executed[MODE_COUNT]; /* but for what has a site */
    uint64_t csr[CSR_COUNT];
    uint64_t site[SITE_COUNT_MAX];
};

static struct qemu_plugin_scoreboard *board;
static struct counters printed;
static struct sites sites;
static uint64_t change[MODE_COUNT][MODE_COUNT];
static bool has_run[MODE_COUNT];
static struct site watched;
static bool is_watching, has_site_lines;
static struct qemu_plugin_register *priv_register;
static GByteArray *register_bytes;
static FILE *out;

static qemu_plugin_u64 counter_at(size_t offset)
{
    return (qemu_plugin_u64){ board, offset };
}

static struct counters *counters(void)
{
    return (struct counters *)qemu_plugin_scoreboard_find(board, 0);
}

/* ---- the modes ---------------------------------------------------------------------- */

/* QEMU's register `priv` as the debug specification has it: the privilege in bits 1:0, V in 2. */
static enum mode mode_now(void)
{
    static const enum mode mode_of[8] = { MODE_U,  MODE_HS, MODE_M, MODE_M,
                                          MODE_VU, MODE_VS, MODE_M, MODE_M };

    g_byte_array_set_size(register_bytes, 0);
    if (qemu_plugin_read_register(priv_register, register_bytes) < 1) {
        fprintf(stderr, "count: QEMU does not tell the mode\n");
        exit(1);
    }
    return mode_of[register_bytes->data[0] & 7];
}

static void find_registers(qemu_plugin_id_t id, unsigned vcpu)
{
    GArray *list = qemu_plugin_get_registers();
    const qemu_plugin_reg_descriptor *known = (const qemu_plugin_reg_descriptor *)list->data;

    (void)id;
    if (vcpu != 0) {
        fprintf(stderr, "count: a machine with one hart is wanted\n");
        exit(1);
    }
    for (unsigned i = 0; i < list->len; i++) {
        if (strcmp(known[i].name, "priv") == 0)
            priv_register = known[i].handle;
    }
    g_array_free(list, 1);
    register_bytes = g_byte_array_new();
    counters()->mode = MODE_COUNT;
}

/* ---- the output ---------------------------------------------------------------------- */

static uint64_t take(const uint64_t *now, uint64_t *before)
{
    uint64_t added = *now - *before;

    *before = *now;
    return added;
}

static void print_sites(const struct counters *now, uint64_t executed[MODE_COUNT])
{
    for (uint32_t i = 0; i < sites.count; i++) {
        const struct site *site = &sites.site[i];
        uint64_t added = take(&now->site[i], &printed.site[i]);
        executed[site->mode] += added;
        if (added != 0 && has_site_lines)
            fprintf(out, "site %s %" PRIx64 " %" PRIx64 " %x %" PRIu64 "\n", mode_name[site->mode],
                    site->page, site->address, site->insn, added);
    }
}

static void print_changes(void)
{
    for (unsigned from = 0; from < MODE_COUNT; from++) {
        for (unsigned to = 0; to < MODE_COUNT; to++) {
            if (change[from][to] != 0)
                fprintf(out, "change %s %s %" PRIu64 "\n", mode_name[from], mode_name[to],
                        change[from][to]);
            change[from][to] = 0;
        }
    }
}

static void print_added(void)
{
    const struct counters *now = counters();
    uint64_t executed[MODE_COUNT] = { 0 };

    print_sites(now, executed);
    for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
        executed[mode] += take(&now->executed[mode], &printed.executed[mode]);
        if (executed[mode] != 0)
            fprintf(out, "count %s %" PRIu64 "\n", mode_name[mode], executed[mode]);
    }
    print_changes();
    for (unsigned csr = 0; csr < CSR_COUNT; csr++) {
        uint64_t added = take(&now->csr[csr], &printed.csr[csr]);
        if (added != 0)
            fprintf(out, "csr %x %" PRIu64 "\n", csr, added);
    }
    fprintf(out, "end\n");
    fflush(out);
}

/* ---- what translated code calls -------------------------------------------------------- */

static void mode_changed(unsigned vcpu, void *data)
{
    enum mode to = (enum mode)(uintptr_t)data;
    uint64_t from = counters()->mode;

    (void)vcpu;
    if (from < MODE_COUNT)
        change[from][to]++;
    counters()->mode = to;
    if (!has_run[to]) {
        has_run[to] = true;
        fprintf(out, "first %s\n", mode_name[to]);
        print_added();
    }
}

static void marker_met(unsigned vcpu, void *data)
{
    (void)vcpu;
    fprintf(out, "mark %u %s\n", (unsigned)(uintptr_t)data, mode_name[counters()->mode]);
    print_added();
}

static void watched_met(unsigned vcpu, void *data)
{
    (void)vcpu, (void)data;
    fprintf(out, "watch %s\n", mode_name[counters()->mode]);
    print_added();
}

/* ---- translation ------------------------------------------------------------------------ */

/* Does this instruction write a CSR?  (Unprivileged specification, chapter "Zicsr".) */
static bool writes_csr(uint32_t insn)
{
    uint32_t function = insn >> 12 & 7, source = insn >> 15 & 31;

    return (insn & 0x7f) == 0x73 && (function & 3) != 0 && ((function & 3) == 1 || source != 0);
}

static void count_executed(struct qemu_plugin_insn *insn, const struct site *site)
{
    size_t offset = offsetof(struct counters, executed) + site->mode * sizeof(uint64_t);

    if (site->mode <= MODE_U) {
        uint32_t index = sites_index(&sites, site);
        if (index != SITE_NONE)
            offset = offsetof(struct counters, site) + index * sizeof(uint64_t);
    }
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                        counter_at(offset), 1);
}

static void translate_insn(struct qemu_plugin_insn *insn, enum mode mode)
{
    struct site site = {
        .address = qemu_plugin_insn_vaddr(insn),
        .page = (uintptr_t)qemu_plugin_insn_haddr(insn) >> PAGE_BITS,
        .mode = mode,
    };

    qemu_plugin_insn_data(insn, &site.insn, sizeof(site.insn));
    count_executed(insn, &site);
    if (mode == MODE_HS && writes_csr(site.insn))
        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
            insn, QEMU_PLUGIN_INLINE_ADD_U64,
            counter_at(offsetof(struct counters, csr) + (site.insn >> 20) * sizeof(uint64_t)), 1);
    if ((site.insn & MARK_MASK) == MARK_INSN)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, marker_met, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)(site.insn >> 20));
    if (is_watching && mode == (enum mode)watched.mode && site.address == watched.address &&
        site.insn == watched.insn)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, watched_met, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

/* QEMU keeps translations of different modes apart, so the mode now is the mode for good. */
static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    enum mode mode = mode_now();

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cond_cb(
        tb, mode_changed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_NE,
        counter_at(offsetof(struct counters, mode)), mode, (void *)(uintptr_t)mode);
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        translate_insn(qemu_plugin_tb_get_insn(tb, i), mode);
}

/* ---- start -------------------------------------------------------------------------------- */

static bool read_watch(const char *text)
{
    char name[4] = "";

    if (sscanf(text, "%3[A-Z]:%" SCNx64 ":%" SCNx32, name, &watched.address, &watched.insn) != 3)
        return false;
    for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
        if (strcmp(name, mode_name[mode]) == 0) {
            watched.mode = mode;
            return is_watching = true;
        }
    }
    return false;
}

static bool read_word(const char *word)
{
    if (strncmp(word, "out=", 4) == 0)
        return (out = fopen(word + 4, "w")) != NULL;
    if (strncmp(word, "watch=", 6) == 0)
        return read_watch(word + 6);
    return strncmp(word, "sites=", 6) == 0 &&
           qemu_plugin_bool_parse("sites", word + 6, &has_site_lines);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                           char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!read_word(argv[i])) {
            fprintf(stderr, "count: cannot use %s\n", argv[i]);
            return 1;
        }
    }
    if (out == NULL) {
        fprintf(stderr, "count: out=FILE is wanted\n");
        return 1;
    }
    board = qemu_plugin_scoreboard_new(sizeof(struct counters));
    qemu_plugin_register_vcpu_init_cb(id, find_registers);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
