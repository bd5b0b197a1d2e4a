/* The allocator: start reading at allocate.
 *
 * QuickJS cuts small blocks out of arenas; here come those arenas, everything larger, and the guest's own structures. A
 * good fit is taken from bins by size, and free neighbours are merged at once. What lies last grows in place, and memory
 * that nobody used yet is known to be zero. memory_seal gives up what is free in the image, so that whatever a program
 * allocates lies together: a context has few pages of its own.
 *
 * Invariants: chunks follow one another from the start of the heap to its top; a free chunk is in a bin and has no free
 * neighbour; the chunk before the top is in use. A block ends four bytes inside of the next chunk, whose first word
 * counts only when the chunk before it is free. */
#include "memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u
#define GRAIN 8u
#define CHUNK_MIN 16u
/* From a chunk's start to its block, and what a chunk has more than its block. */
#define BLOCK_OFFSET 8u
#define OVERHEAD 4u
#define BLOCK_MAX 0x7fff0000u
/* A block that shrinks by less keeps what it has. */
#define SHRINK_MIN 64u
/* The heap grows by an eighth, but by no more than this beyond what is needed. */
#define GROWTH_MAX (4u << 20)

#define FREE 1u
#define BEFORE_FREE 2u
#define FLAGS 7u

/* One bin per size below 512, then eight per power of two. */
#define EXACT_BINS 64u
#define BINS 256u

struct chunk {
    uint32_t before; /* the size of the chunk before this one, if that is free */
    uint32_t head;   /* its size and flags */
    struct chunk *next, *prev; /* in its bin, if it is free */
};

extern char __heap_base;

static char *heap, *top, *end;
/* Everything from here to the end is zero. */
static char *clean;
static struct chunk *bins[BINS];
static uint32_t filled[BINS / 32];

static struct chunk *chunk_of(void *block)
{
    return (struct chunk *)((char *)block - BLOCK_OFFSET);
}

static void *block_of(struct chunk *chunk)
{
    return (char *)chunk + BLOCK_OFFSET;
}

static uint32_t size_of(const struct chunk *chunk)
{
    return chunk->head & ~FLAGS;
}

static struct chunk *after(struct chunk *chunk, uint32_t size)
{
    return (struct chunk *)((char *)chunk + size);
}

/* ---- bins ---- */

static uint32_t bin_of(uint32_t size)
{
    uint32_t log;

    if (size < EXACT_BINS * GRAIN)
        return size / GRAIN;
    log = 31 - (uint32_t)__builtin_clz(size);
    return EXACT_BINS + (log - 9) * 8 + ((size >> (log - 3)) & 7);
}

static void put(struct chunk *chunk)
{
    uint32_t bin = bin_of(size_of(chunk));

    chunk->prev = NULL;
    chunk->next = bins[bin];
    if (chunk->next)
        chunk->next->prev = chunk;
    bins[bin] = chunk;
    filled[bin / 32] |= 1u << bin % 32;
}

static void take(struct chunk *chunk)
{
    uint32_t bin = bin_of(size_of(chunk));

    if (chunk->next)
        chunk->next->prev = chunk->prev;
    if (chunk->prev)
        chunk->prev->next = chunk->next;
    else if (!(bins[bin] = chunk->next))
        filled[bin / 32] &= ~(1u << bin % 32);
}

/* Finds a free chunk of at least that size. */
static struct chunk *find(uint32_t size)
{
    uint32_t bin = bin_of(size), word, bits;

    if (bins[bin] && size_of(bins[bin]) >= size)
        return bins[bin];
    bin++;
    word = bin / 32;
    bits = word < BINS / 32 ? filled[word] & (~0u << bin % 32) : 0;
    while (!bits) {
        if (++word >= BINS / 32)
            return NULL;
        bits = filled[word];
    }
    return bins[word * 32 + (uint32_t)__builtin_ctz(bits)];
}

/* Makes a chunk free that has no free neighbour and does not lie before the top. */
static void set_free(struct chunk *chunk, uint32_t size)
{
    struct chunk *behind = after(chunk, size);

    chunk->head = size | FREE;
    behind->before = size;
    behind->head |= BEFORE_FREE;
    put(chunk);
}

/* ---- the top ---- */

static void set_top(char *to)
{
    top = to;
    /* The last block reaches into the first word of what follows. */
    if (clean < to + OVERHEAD)
        clean = to + OVERHEAD;
}

/* Ends the chunks at the top: what follows them is not this heap's. */
static void close_top(void)
{
    uint32_t size = (uint32_t)(end - top);
    struct chunk *last = (struct chunk *)(size < CHUNK_MIN ? top : end);

    last->head = GRAIN;
    if (size >= CHUNK_MIN)
        set_free((struct chunk *)top, size);
}

/* Makes room for that many bytes at the top. */
static bool grow(uint32_t bytes)
{
    size_t pages = __builtin_wasm_memory_size(0), got;
    uint32_t room, needed, wanted;

    if (!heap) {
        heap = top = clean = (char *)(((uintptr_t)&__heap_base + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1));
        end = (char *)(pages * PAGE_BYTES) - GRAIN;
    }
    room = (uint32_t)(end - top);
    if (bytes <= room)
        return true;
    wanted = (uint32_t)(end - heap) / 8;
    wanted = (bytes - room + (wanted < GROWTH_MAX ? wanted : GROWTH_MAX) + PAGE_BYTES - 1) / PAGE_BYTES;
    needed = (bytes - room + PAGE_BYTES - 1) / PAGE_BYTES;
    got = __builtin_wasm_memory_grow(0, wanted);
    if (got == (size_t)-1) {
        wanted = needed;
        got = __builtin_wasm_memory_grow(0, wanted);
    }
    if (got == (size_t)-1)
        return false;
    if ((char *)(got * PAGE_BYTES) != end + GRAIN) {
        /* Somebody else has grown the memory meanwhile. */
        close_top();
        top = clean = (char *)(got * PAGE_BYTES);
        end = top - GRAIN;
    }
    end += (size_t)wanted * PAGE_BYTES;
    return bytes <= (uint32_t)(end - top) || grow(bytes);
}

/* ---- blocks ---- */

static void release(void *block);

/* Gives back what a chunk has beyond `size`, if that is worth a chunk. */
static void trim(struct chunk *chunk, uint32_t size)
{
    uint32_t rest = size_of(chunk) - size;
    struct chunk *tail = after(chunk, size);

    if (rest < CHUNK_MIN)
        return;
    chunk->head -= rest;
    tail->head = rest;
    release(block_of(tail));
}

static bool chunk_size(size_t length, uint32_t *size)
{
    if (length > BLOCK_MAX) {
        errno = ENOMEM;
        return false;
    }
    *size = (uint32_t)(length + OVERHEAD + GRAIN - 1) & ~(GRAIN - 1);
    if (*size < CHUNK_MIN)
        *size = CHUNK_MIN;
    return true;
}

static void *allocate(size_t length)
{
    struct chunk *chunk;
    uint32_t size;

    if (!chunk_size(length, &size))
        return NULL;
    chunk = find(size);
    if (chunk) {
        take(chunk);
        chunk->head &= ~FREE;
        after(chunk, size_of(chunk))->head &= ~BEFORE_FREE;
        trim(chunk, size);
        return block_of(chunk);
    }
    if (!grow(size)) {
        errno = ENOMEM;
        return NULL;
    }
    chunk = (struct chunk *)top;
    set_top(top + size);
    chunk->head = size;
    return block_of(chunk);
}

static void release(void *block)
{
    struct chunk *chunk = chunk_of(block), *behind;
    uint32_t size = size_of(chunk);

    if (chunk->head & BEFORE_FREE) {
        size += chunk->before;
        chunk = (struct chunk *)((char *)chunk - chunk->before);
        take(chunk);
    }
    behind = after(chunk, size);
    if ((char *)behind == top) {
        top = (char *)chunk;
        return;
    }
    if (behind->head & FREE) {
        take(behind);
        size += size_of(behind);
    }
    set_free(chunk, size);
}

/* ---- the C library's functions ---- */

void *malloc(size_t length)
{
    return allocate(length);
}

void free(void *block)
{
    if (block)
        release(block);
}

void *calloc(size_t count, size_t length)
{
    char *was_clean = clean, *block;
    size_t total;

    if (__builtin_mul_overflow(count, length, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    block = allocate(total);
    if (block && block < was_clean)
        memset(block, 0, total < (size_t)(was_clean - block) ? total : (size_t)(was_clean - block));
    return block;
}

void *realloc(void *block, size_t length)
{
    struct chunk *chunk = chunk_of(block), *behind;
    uint32_t size, had, room;
    void *moved;

    if (!block)
        return allocate(length);
    if (!chunk_size(length, &size))
        return NULL;
    had = size_of(chunk);
    if (size <= had) {
        if (had - size >= SHRINK_MIN)
            trim(chunk, size);
        return block;
    }
    behind = after(chunk, had);
    if ((char *)behind == top) {
        if (grow(size - had) && (char *)behind == top) {
            set_top(top + (size - had));
            chunk->head += size - had;
            return block;
        }
    } else if (behind->head & FREE) {
        room = size_of(behind);
        if (had + room >= size) {
            take(behind);
            chunk->head += room;
            after(chunk, had + room)->head &= ~BEFORE_FREE;
            trim(chunk, size);
            return block;
        }
    }
    moved = allocate(length);
    if (moved) {
        memcpy(moved, block, had - OVERHEAD);
        release(block);
    }
    return moved;
}

size_t malloc_usable_size(void *block)
{
    return block ? size_of(chunk_of(block)) - OVERHEAD : 0;
}

/* ---- the image ---- */

void memory_seal(size_t room)
{
    char *at = heap, *last = top, *fresh = (char *)(((uintptr_t)top + 4095 + OVERHEAD) & ~(uintptr_t)4095);

    while (at != top) {
        struct chunk *chunk = (struct chunk *)at;
        uint32_t size = size_of(chunk);

        if (chunk->head & FREE)
            memset((char *)block_of(chunk), 0, size - OVERHEAD);
        chunk->head = size;
        at += size;
    }
    memset(bins, 0, sizeof bins);
    memset(filled, 0, sizeof filled);
    if (!grow((uint32_t)(fresh - top + room)) || top != last)
        __builtin_trap();
    /* What initialisation left behind the top is to be zero, as fresh memory is. */
    if (clean > top)
        memset(top + OVERHEAD, 0, (size_t)(clean - top));
    ((struct chunk *)top)->head = (uint32_t)(fresh - top);
    top = clean = fresh;
}

void memory_wipe(void)
{
    /* Most chunks lie behind those of the first image, which are all in use: the bins know the free ones. */
    for (uint32_t bin = 0; bin < BINS; bin++)
        for (struct chunk *chunk = bins[bin]; chunk; chunk = chunk->next)
            memset(chunk + 1, 0, size_of(chunk) - sizeof *chunk);
    if (clean > top + OVERHEAD) {
        memset(top + OVERHEAD, 0, (size_t)(clean - top - OVERHEAD));
        clean = top + OVERHEAD;
    }
}
