// A failed assertion says where, on standard error, and traps.
// reason: trap
// stderr: Assertion failed: n == 2
#undef NDEBUG
#include <assert.h>

int main(int argc, char **argv) {
    (void)argv;
    int n = argc;
    assert(n == 2);
    return 0;
}
