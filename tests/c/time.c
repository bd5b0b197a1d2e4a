// The clocks: dates after 2024, a monotonic clock that does not go back, sleeps that are long enough.
//| 1 1
//| 0
//| 1
//| 1 1
//| 0 1
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void) {
    printf("%d %d\n", time(NULL) > 1704067200, now(CLOCK_REALTIME) / 1000000000 - time(NULL) <= 1);
    long long last = now(CLOCK_MONOTONIC);
    int back = 0;
    for (int i = 0; i < 100000; i++) {
        long long t = now(CLOCK_MONOTONIC);
        back += t < last;
        last = t;
    }
    printf("%d\n", back);
    struct timespec resolution, nap = {0, 20000000};
    clock_getres(CLOCK_MONOTONIC, &resolution);
    printf("%d\n", resolution.tv_sec == 0 && resolution.tv_nsec > 0);
    long long before = now(CLOCK_MONOTONIC);
    nanosleep(&nap, NULL);
    usleep(5000);
    long long slept = now(CLOCK_MONOTONIC) - before;
    printf("%d %d\n", slept >= 25000000, slept < 5000000000);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    long long start = now(CLOCK_MONOTONIC);
    until.tv_nsec += 30000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    printf("%d ", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    printf("%d\n", now(CLOCK_MONOTONIC) - start >= 25000000);
    return 0;
}
