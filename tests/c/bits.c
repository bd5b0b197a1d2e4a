// Counting, reversing and rotating bits by the compiler's builtins and by hand.
//| 00000001 1 31 0 1 01000000 80000000 00001000
//| 80000000 1 0 31 1 00000080 00000001 00000800
//| ffffffff 32 0 0 0 ffffffff ffffffff ffffffff
//| 12345678 13 3 3 1 78563412 1e6a2c48 45678123
//| 00f0f000 8 8 12 0 00f0f000 000f0f00 0f00000f
//| 63 40
//| 1 0
#include <stdint.h>
#include <stdio.h>

static uint32_t reverse(uint32_t n) {
    uint32_t out = 0;
    for (int i = 0; i < 32; i++) out |= (n >> i & 1) << (31 - i);
    return out;
}

static uint32_t rotate(uint32_t n, int by) { return n << by | n >> (-by & 31); }

int main(void) {
    uint32_t words[] = {1, 0x80000000, 0xffffffff, 0x12345678, 0x00f0f000};
    for (int i = 0; i < 5; i++) {
        uint32_t n = words[i];
        printf("%08x %d %d %d %d %08x %08x %08x\n", n, __builtin_popcount(n), __builtin_clz(n), __builtin_ctz(n),
               __builtin_parity(n), __builtin_bswap32(n), reverse(n), rotate(n, 12));
    }
    printf("%d %d\n", __builtin_clzll(1), __builtin_ctzll(1ull << 40));
    int out;
    printf("%d %d\n", __builtin_add_overflow(2000000000, 2000000000, &out), __builtin_mul_overflow(3, 4, &out));
    return 0;
}
