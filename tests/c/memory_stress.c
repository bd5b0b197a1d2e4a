// malloc, free and realloc by the hundred thousand: every block keeps what was written into it.
//| 0
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 512 };
static struct { unsigned char *at; size_t len; unsigned char fill; } slots[SLOTS];
static uint32_t seed = 12345;
static uint32_t chance(uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; }

int main(void) {
    int wrong = 0;
    for (int round = 0; round < 200000; round++) {
        int i = (int)chance(SLOTS);
        for (size_t k = 0; k < slots[i].len; k += 97) wrong += slots[i].at[k] != slots[i].fill;
        size_t len = chance(8) ? chance(400) : chance(20000);
        unsigned char *at = slots[i].at;
        if (chance(2)) {
            free(at);
            at = malloc(len);
        } else {
            at = realloc(at, len);
            size_t kept = len < slots[i].len ? len : slots[i].len;
            for (size_t k = 0; k < kept; k += 31) wrong += at[k] != slots[i].fill;
        }
        slots[i].at = at;
        slots[i].len = at ? len : 0;
        slots[i].fill = (unsigned char)round;
        memset(at, slots[i].fill, slots[i].len);
    }
    unsigned char *zeroed = calloc(1000, 100);
    for (int k = 0; k < 100000; k++) wrong += zeroed[k];
    for (size_t power = 16; power <= 65536; power *= 4) {
        void *p = aligned_alloc(power, power);
        wrong += (uintptr_t)p % power != 0;
        free(p);
    }
    printf("%d\n", wrong);
    return 0;
}
