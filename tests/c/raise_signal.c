// The system function proc_raise: a signal that ends a process does, and says which.
// reason: trap
// message: SIGABRT
//| 0 0 28
#include <stdint.h>
#include <stdio.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) uint32_t proc_raise(uint32_t);

int main(void) {
    printf("%d %d %d\n", (int)proc_raise(0), (int)proc_raise(17), (int)proc_raise(99));
    fflush(stdout);
    proc_raise(6);
    puts("still here");
    return 0;
}
