// The allocator of the JavaScript component, driven at random: blocks keep what they hold, and nothing is lost.
// flags: -Wno-unused-parameter
// memory: 64
//| fresh memory is zero
//| sealed
//| 400000 steps
//| blocks of others stay whole
//| all memory is found again
//| refused: 1 1 1 1
#include "../../components/js/guest/memory.c"

#include <stdio.h>

#define CHECK(condition)                                          \
    do {                                                          \
        if (!(condition)) {                                       \
            printf("line %d: %s\n", __LINE__, #condition);        \
            exit(1);                                              \
        }                                                         \
    } while (0)

enum { BLOCKS = 1500 };

static struct {
    unsigned char *bytes;
    size_t length;
    unsigned char fill;
} blocks[BLOCKS];

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t bound) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 16) % bound;
}

static size_t some_length(void) {
    switch (below(16)) {
    case 0: return below(200000);
    case 1: case 2: return below(9000);
    case 3: return 0;
    default: return below(600);
    }
}

// Every chunk from `from` to the top, against the bins and against each other.
static void check_chunks(char *from) {
    uint32_t free_chunks = 0, binned = 0;
    bool before_free = false;
    for (char *at = from; at != top;) {
        struct chunk *chunk = (struct chunk *)at;
        uint32_t size = size_of(chunk);
        bool is_free = chunk->head & FREE;
        CHECK(size >= GRAIN && size % GRAIN == 0 && at + size <= top);
        CHECK(!!(chunk->head & BEFORE_FREE) == before_free);
        CHECK(!(is_free && before_free));
        before_free = is_free;
        if (is_free) {
            free_chunks++;
            CHECK(at + size != top && after(chunk, size)->before == size);
        }
        at += size;
    }
    for (uint32_t bin = 0; bin < BINS; bin++) {
        CHECK(!!bins[bin] == (filled[bin / 32] >> bin % 32 & 1));
        for (struct chunk *chunk = bins[bin]; chunk; chunk = chunk->next) {
            CHECK(bin_of(size_of(chunk)) == bin);
            CHECK(!chunk->next || chunk->next->prev == chunk);
            if ((char *)chunk >= from)
                binned++;
        }
    }
    CHECK(free_chunks == binned);
    for (char *at = clean; at < end; at += 997)
        CHECK(*at == 0);
}

static void check_block(int i) {
    size_t length = blocks[i].length;
    if (!blocks[i].bytes)
        return;
    CHECK((uintptr_t)blocks[i].bytes % 8 == 0 && malloc_usable_size(blocks[i].bytes) >= length);
    for (size_t at = 0; at < length; at += at + 70 < length ? 61 : 1)
        CHECK(blocks[i].bytes[at] == blocks[i].fill);
}

static void fill(int i, size_t length) {
    blocks[i].length = length;
    blocks[i].fill = (unsigned char)below(256);
    memset(blocks[i].bytes, blocks[i].fill, length);
}

static void step(void) {
    int i = (int)below(BLOCKS);
    size_t length = some_length();
    check_block(i);
    if (!blocks[i].bytes && below(3) == 0) {
        blocks[i].bytes = calloc(1, length);
        for (size_t at = 0; blocks[i].bytes && at < length; at++)
            CHECK(blocks[i].bytes[at] == 0);
    } else if (!blocks[i].bytes) {
        blocks[i].bytes = malloc(length);
    } else if (below(2)) {
        free(blocks[i].bytes);
        blocks[i].bytes = NULL;
    } else {
        unsigned char *moved = realloc(blocks[i].bytes, length);
        CHECK(moved);
        blocks[i].bytes = moved;
        for (size_t at = 0; at < length && at < blocks[i].length; at++)
            CHECK(moved[at] == blocks[i].fill);
    }
    if (blocks[i].bytes)
        fill(i, length);
}

int main(void) {
    char *start;
    setvbuf(stdout, NULL, _IONBF, 0);
    // What was used and given back at the top is not taken for fresh memory.
    char *grown = realloc(malloc(3000000), 6000000);
    memset(grown, 1, malloc_usable_size(grown));
    free(grown);
    grown = calloc(1, 7000000);
    for (int i = 0; i < 7000000; i++)
        CHECK(grown[i] == 0);
    free(grown);
    puts("fresh memory is zero");
    for (int i = 0; i < 20000; i++)
        step();
    check_chunks(heap);
    start = top;
    memory_seal(100000);
    CHECK(top > start && (uintptr_t)top % 4096 == 0 && end - top >= 100000);
    start = top;
    puts("sealed");
    for (int i = 1; i <= 400000; i++) {
        step();
        if (i % 20000 == 0)
            check_chunks(start);
    }
    puts("400000 steps");
    // Somebody else grows the memory: the heap goes on behind what is theirs.
    unsigned char *theirs = (unsigned char *)(__builtin_wasm_memory_grow(0, 2) * 65536);
    memset(theirs, 0xee, 131072);
    for (int i = 0; i < 200000; i++)
        step();
    for (int i = 0; i < 131072; i++)
        CHECK(theirs[i] == 0xee);
    puts("blocks of others stay whole");
    for (int i = 0; i < BLOCKS; i++) {
        check_block(i);
        free(blocks[i].bytes);
        blocks[i].bytes = NULL;
    }
    size_t before = __builtin_wasm_memory_size(0);
    for (int i = 0; i < 100000; i++)
        step();
    CHECK(__builtin_wasm_memory_size(0) <= before + before / 4);
    puts("all memory is found again");
    printf("refused: %d", malloc(80 << 20) == NULL);
    printf(" %d", malloc(SIZE_MAX) == NULL);
    printf(" %d", calloc(65536, 65537) == NULL);
    printf(" %d\n", realloc(malloc(10), (size_t)1 << 31) == NULL);
    return 0;
}
