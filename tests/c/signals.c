// Signals as the C library emulates them.
// flags: -D_WASI_EMULATED_SIGNAL -lwasi-emulated-signal
//| 1
//| 0
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t seen;
static void handler(int signal) { seen = signal; }

int main(void) {
    signal(SIGINT, handler);
    raise(SIGINT);
    printf("%d\n", seen == SIGINT);
    signal(SIGTERM, SIG_IGN);
    printf("%d\n", raise(SIGTERM));
    return 0;
}
