// Clocks and randomness that were not granted: an error, not a lie.
// clocks: no
//| -1 1 -1 1
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    struct timespec t;
    printf("%d", clock_gettime(CLOCK_MONOTONIC, &t));
    printf(" %d", errno == ENOTCAPABLE);
    char random[8];
    printf(" %d", getentropy(random, sizeof random));
    printf(" %d\n", errno == ENOTCAPABLE);
    return 0;
}
