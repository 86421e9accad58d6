/* What arrived: a hash table by name, and an array in the order of names, made when it is asked
 * for. */
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static Object **table;   /* open addressing; no tombstones: see store_delete */
static size_t slots;     /* a power of two */
static Object **sorted;  /* every object */
static size_t count;
static int is_sorted;

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t slot_of(const char *name) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t slot = (hash ^ hash >> 29) & (slots - 1);
    while (table[slot] && strcmp(table[slot]->name, name)) slot = (slot + 1) & (slots - 1);
    return slot;
}

static void rebuild(size_t wanted) {
    free(table);
    slots = wanted;
    table = calloc(slots, sizeof *table);
    if (!table) abort();
    for (size_t i = 0; i < count; i++) table[slot_of(sorted[i]->name)] = sorted[i];
}

Object *store_find(const char *name) { return slots ? table[slot_of(name)] : NULL; }

Object *store_put(const char *name) {
    static size_t room;
    if (2 * (count + 1) > slots) rebuild(slots ? 2 * slots : 1 << 16);
    size_t slot = slot_of(name);
    if (!table[slot]) {
        if (count == room) {
            room = room ? 2 * room : 1 << 15;
            sorted = realloc(sorted, room * sizeof *sorted);
        }
        Object *object = calloc(1, sizeof *object);
        if (!sorted || !object) abort();
        object->name = strdup(name);
        table[slot] = sorted[count++] = object;
        is_sorted = 0;
    }
    table[slot]->stored_ns = now_ns();
    table[slot]->stored_wall = time(NULL);
    return table[slot];
}

/* Rare in what is measured, so it may cost a walk over all. */
void store_delete(const char *name) {
    Object *object = store_find(name);
    if (!object) return;
    size_t at = 0;
    while (sorted[at] != object) at++;
    memmove(sorted + at, sorted + at + 1, (--count - at) * sizeof *sorted);
    free(object->name);
    free(object->headers);
    free(object);
    rebuild(slots);
}

size_t store_count(void) { return count; }

static int by_name(const void *one, const void *other) {
    return strcmp((*(Object *const *)one)->name, (*(Object *const *)other)->name);
}

Object **store_sorted(void) {
    if (!is_sorted) qsort(sorted, count, sizeof *sorted, by_name);
    is_sorted = 1;
    return sorted;
}

size_t store_position_after(const char *name) {
    store_sorted();
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(sorted[middle]->name, name) > 0) high = middle;
        else low = middle + 1;
    }
    return low;
}

void store_preload(const char *path) {
    FILE *file = fopen(path, "r");
    char name[4096], etag[40];
    unsigned long long size;
    if (!file) perror(path), exit(1);
    while (fscanf(file, "%4095[^\t]\t%llu\t%39s\n", name, &size, etag) == 3) {
        Object *object = store_put(name);
        object->size = size;
        strcpy(object->etag, etag);
    }
    fclose(file);
}
