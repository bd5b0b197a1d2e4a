// Recursion: deep, double, mutual, and with large frames.
//| 603
//| 1 0
//| 1: a to b
//| 2: a to c
//| 1: b to c
//| 4095
//| 100
#include <stdio.h>
#include <string.h>

static int ackermann(int m, int n) {
    if (m == 0) return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int is_odd(unsigned n);
static int is_even(unsigned n) { return n == 0 ? 1 : is_odd(n - 1); }
static int is_odd(unsigned n) { return n == 0 ? 0 : is_even(n - 1); }

static int moves;
static void hanoi(int n, char from, char to, char by) {
    if (n == 0) return;
    hanoi(n - 1, from, by, to);
    if (++moves <= 3) printf("%d: %c to %c\n", n, from, to);
    hanoi(n - 1, by, to, from);
}

static int with_frame(int depth) {
    volatile char frame[512];
    memset((char *)frame, depth, sizeof frame);
    return depth == 0 ? frame[0] : with_frame(depth - 1) + (frame[511] == (char)depth);
}

int main(void) {
    printf("%d\n", ackermann(2, 300));
    printf("%d %d\n", is_even(2000), is_odd(2000));
    hanoi(12, 'a', 'c', 'b');
    printf("%d\n%d\n", moves, with_frame(100));
    return 0;
}
