// An integer division by zero is a trap.
// reason: trap
// message: integer divide by zero
#include <stdio.h>

int main(int argc, char **argv) {
    (void)argv;
    volatile int zero = argc - 1;
    printf("%d\n", 7 / zero);
    return 0;
}
