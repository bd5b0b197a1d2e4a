// 64-bit arithmetic on a 32-bit machine: multiplication, division, shifts, comparison, text.
//| 17626888781544682656 deec6cd7a44a4100
//| 18364758415 939755815
//| -9223372036854775808 -922337203685477580 -8
//| fedcba9876543210 fedcba9876543210
//| 530eca8642000000 fffffff6e5d4c3b2
//| 50c8400000000000 ffffffffffffb72e
//| 0 ffffffffffffffff
//| 1 1
//| 18446744073709551615
//| -9223372036854775808
//| 18364758544493064192 10000000000000000000
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    volatile uint64_t big = 0xfedcba9876543210u;
    volatile int64_t low = INT64_MIN;
    printf("%" PRIu64 " %" PRIx64 "\n", big * 10, big * big);
    printf("%" PRIu64 " %" PRIu64 "\n", big / 1000000007, big % 1000000007);
    printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", low, low / 10, low % 10);
    for (int s = 0; s < 64; s += 21) printf("%" PRIx64 " %" PRIx64 "\n", big << s, (uint64_t)((int64_t)big >> s));
    printf("%d %d\n", big > (uint64_t)low, (int64_t)big > low);
    printf("%" PRIu64 "\n", (uint64_t)strtoull("18446744073709551615", NULL, 10));
    printf("%" PRId64 "\n", (int64_t)strtoll("-9223372036854775808", NULL, 0));
    printf("%.0f %" PRIu64 "\n", (double)big, (uint64_t)1e19);
    return 0;
}
