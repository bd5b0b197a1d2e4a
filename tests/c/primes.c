// A sieve, a factorisation, a probabilistic test with 64-bit modular powers.
//| 78498 999983
//| 1 1 0
//| 71 839 1471 6857 
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t times(uint64_t a, uint64_t b, uint64_t m) { return (uint64_t)((unsigned __int128)a * b % m); }

static uint64_t power(uint64_t a, uint64_t e, uint64_t m) {
    uint64_t out = 1;
    for (a %= m; e; e >>= 1, a = times(a, a, m))
        if (e & 1) out = times(out, a, m);
    return out;
}

static int is_prime(uint64_t n) {
    if (n < 4) return n > 1;
    if (n % 2 == 0) return 0;
    uint64_t d = n - 1;
    int s = __builtin_ctzll(d);
    d >>= s;
    for (int a = 2; a < 40; a++) {
        if (n % (uint64_t)a == 0) return n == (uint64_t)a;
        uint64_t x = power((uint64_t)a, d, n);
        int composite = x != 1 && x != n - 1;
        for (int i = 1; i < s && composite; i++) composite = (x = times(x, x, n)) != n - 1;
        if (composite) return 0;
    }
    return 1;
}

int main(void) {
    enum { N = 1000000 };
    char *composite = calloc(N, 1);
    int count = 0, last = 0;
    for (int i = 2; i < N; i++) {
        if (composite[i]) continue;
        count++;
        last = i;
        for (long long j = (long long)i * i; j < N; j += i) composite[j] = 1;
    }
    printf("%d %d\n", count, last);
    int agree = 1;
    for (int i = 2; i < 20000; i++) agree &= is_prime((uint64_t)i) == !composite[i];
    printf("%d %d %d\n", agree, is_prime(18446744073709551557u), is_prime(18446744073709551556u / 3));
    for (uint64_t n = 600851475143, f = 2; n > 1; f++)
        while (n % f == 0) {
            printf("%d ", (int)f);
            n /= f;
        }
    puts("");
    return 0;
}
