// What runs before and after main, static data, and the order of atexit. The exit code is that of exit().
// exit: 3
//| before
//| 1 9 four 1 0
//| 42
//| registered second
//| registered first
//| after
#include <stdio.h>
#include <stdlib.h>

static int order[4] = {[3] = 9};
static const char *names[] = {"zero", "one", [4] = "four"};
static int from_zero;

__attribute__((constructor)) static void before(void) { order[0] = 1; puts("before"); }
__attribute__((destructor)) static void after(void) { puts("after"); }
static void first(void) { puts("registered first"); }
static void second(void) { puts("registered second"); }

static int next(void) {
    static int n = 40;
    return ++n;
}

int main(void) {
    printf("%d %d %s %d %d\n", order[0], order[3], names[4], names[2] == NULL, from_zero);
    next();
    printf("%d\n", next());
    atexit(first);
    atexit(second);
    exit(3);
}
