// Integer arithmetic as C defines it: wrapping, division towards zero, shifts, conversions.
//| 0 4294967295
//| -7/-2=3 r-1
//| -7/2=-3 r-1
//| 0/-2=0 r0
//| 0/2=0 r0
//| 7/-2=-3 r1
//| 7/2=3 r1
//| 1073741824 2147483648 -4
//| -56 255 -25536
//| 260 4
//| 0 1
//| 247 -248 0
//| 2147483647
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv) {
    (void)argv;
    volatile int one = argc;
    unsigned wrap = UINT_MAX;
    printf("%u %u\n", wrap + (unsigned)one, 0u - (unsigned)one);
    for (int i = -7; i <= 7; i += 7)
        for (int j = -2; j <= 2; j += 4) printf("%d/%d=%d r%d\n", i, j, i / (j * one), i % (j * one));
    printf("%d %u %d\n", 1 << 30, 1u << 31, -16 >> 2);
    printf("%d %d %d\n", (int8_t)(200 * one), (uint8_t)(-1 * one), (int16_t)(40000 * one));
    uint8_t a = 250, b = 10;
    printf("%d %d\n", a + b, (uint8_t)(a + b));
    printf("%d %d\n", -1 < 1u, (one ? -1 : 0) < 1);
    int x = 5;
    x += 3;
    x ^= 0xff;
    printf("%d %d %d\n", x, ~x, !x);
    printf("%d\n", INT_MAX / -1 * one + INT_MIN % (3 * one));
    return 0;
}
