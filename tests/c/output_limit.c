// Output without end is stopped at its limit.
// output-limit: 1000
// reason: output
// exit: 125
#include <stdio.h>

int main(void) {
    for (;;) puts("and again");
}
