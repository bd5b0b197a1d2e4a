// An access beyond the memory is a trap.
// reason: trap
// message: out of bounds memory access
#include <stdint.h>

int main(void) {
    volatile char *far = (char *)(uintptr_t)0xfffffff0;
    return *far;
}
