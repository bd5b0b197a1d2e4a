// A program that sleeps for ever is stopped at its deadline.
// timeout: 50
// reason: timeout
// exit: 124
//| good night
#include <stdio.h>
#include <unistd.h>

int main(void) {
    puts("good night");
    fflush(stdout);
    for (;;) sleep(1000);
}
