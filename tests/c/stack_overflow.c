// Recursion without end is a trap, whichever stack is full first.
// reason: trap
#include <stdio.h>

static int deeper(volatile int *above, int n) {
    volatile int here = n + *above;
    return deeper(&here, n + 1) + here;
}

int main(void) {
    volatile int start = 0;
    printf("%d\n", deeper(&start, 0));
    return 0;
}
