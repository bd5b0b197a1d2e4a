// 128-bit integers, which compilers build from calls to their runtime library.
//| 170141183460469231731687303715884105728
//| 340282366920938463463374607431768211455
//| 30010821454963453907530667147829489881
//| 1881
//| 144115188075855872
//| -1024 1
#include <stdint.h>
#include <stdio.h>

typedef unsigned __int128 u128;

static void print(u128 n) {
    char text[40];
    int i = 40;
    do {
        text[--i] = (char)('0' + (int)(n % 10));
        n /= 10;
    } while (n);
    printf("%.*s\n", 40 - i, text + i);
}

int main(void) {
    u128 a = 1, fib[2] = {0, 1};
    for (int i = 0; i < 127; i++) a *= 2;
    print(a);
    print(a - 1 + a);
    for (int i = 0; i < 180; i++) fib[i & 1] += fib[!(i & 1)];
    print(fib[1]);
    print(fib[1] / fib[0] * 1000 + fib[1] % 1000);
    print(a >> 70);
    __int128 negative = -((__int128)1 << 100);
    printf("%lld %d\n", (long long)(negative / ((__int128)1 << 90)), negative < 0);
    return 0;
}
