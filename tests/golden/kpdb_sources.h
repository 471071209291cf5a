/*
 * Written by kpepc: do not edit. Where the values of the databases come from,
 * and which other sources have other values.
 *
 * Included by libkpdb's sources.c and by nothing else. No array holds a pointer.
 * Each ends with an item of zeros, so that none is empty.
 */
#include "kpdb_ids.h"

#ifndef KPDB_FINGERPRINT
#error "kpdb_ids.h is not kpepc's: compile the databases again"
#endif
_Static_assert(KPDB_FINGERPRINT == 0xd3b1713du,
               "kpdb_ids.h and kpdb_sources.h are of two compiles: compile the databases again");

enum {
    SOURCE_CPUS = 1, /* 0: nothing is known */
    SOURCE_RELEASES = 1,
};

/* What an event's place in the database, its number and its counters are from: kpdb_source. */
struct source_values {
    uint8_t list, number, counters;
};
/* By CPU * SOURCE_RELEASES + release: what most of its events are from. */
static const struct source_values source_most[] = {
    {KPDB_SOURCE_LISTING, KPDB_SOURCE_LISTING, KPDB_SOURCE_LISTING}, /* t1, r-1 */
    {0, 0, 0},
};

/* By CPU: its first of source_exceptions; and the end of the last one's. */
static const uint32_t source_exceptions_at[] = {
    0,
    1,
};
/* By CPU, in the order of ids and releases: events that are from elsewhere than most. */
struct source_exception {
    uint16_t event;
    uint8_t release;
    struct source_values from;
};
static const struct source_exception source_exceptions[] = {
    { .event = 4, .release = 0, /* INST_ALL */
      .from = {KPDB_SOURCE_LISTING, KPDB_SOURCE_LISTING, KPDB_SOURCE_ASSUMED} },
    {0, 0, {0, 0, 0}},
};

/* By CPU: its first of source_disputes; and the end of the last one's. */
static const uint32_t source_disputes_at[] = {
    0,
    1,
};
/* By CPU, in the order of ids: another source has another value. */
struct source_dispute {
    uint16_t event;
    uint16_t releases;        /* bit r: in release r */
    uint32_t theirs;
    uint16_t says, confirmed; /* texts, from 1; 0: none */
    uint8_t field;            /* enum kpdb_field */
};
static const struct source_dispute source_disputes[] = {
    { .event = 4, .releases = 0x1, .theirs = (uint32_t)141, /* INST_ALL */
      .says = 1, .confirmed = 2, .field = KPDB_FIELD_NUMBER },
    {0, 0, 0, 0, 0, 0},
};

/* By CPU: its first of source_doubts; and the end of the last one's. */
static const uint32_t source_doubts_at[] = {
    0,
    1,
};
/* By CPU, in the order of ids: what kpdb_encode() warns of. */
static const struct kpdb_doubt source_doubts[] = {
    { .event = 4, .assumed = 0x1, .disputed = 0x1 }, /* INST_ALL */
    {0, 0, 0},
};

/* Who says what, one behind the other. */
static const char source_texts[] =
    "a \"table\"\0"
    "another\0"
    "";

/* The last line: a file cut short fails to compile. */
#define SOURCE_END 0xd3b1713du
