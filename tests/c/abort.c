// abort() is a trap.
// reason: trap
// message: unreachable
//| before
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    puts("before");
    fflush(stdout);
    abort();
}
