// A call through a pointer to a function of another type is a trap.
// reason: trap
// message: indirect call type mismatch
#include <stdio.h>

static int takes_one(int n) { return n; }

int main(void) {
    int (*volatile one)(int) = takes_one;
    double (*volatile two)(double, double) = (double (*)(double, double))(void *)one;
    printf("%g\n", two(1, 2));
    return 0;
}
