// Calls through tables of functions, callbacks with context, functions that return functions.
//| 17 7 60 7 same
//| 4 10
//| 20.25
#include <stdio.h>

typedef int (*operation)(int, int);
static int plus(int a, int b) { return a + b; }
static int minus(int a, int b) { return a - b; }
static int times(int a, int b) { return a * b; }
static operation choose(char c) { return c == '+' ? plus : c == '-' ? minus : times; }

struct counter { int calls, total; };
static void count(int n, void *context) {
    struct counter *c = context;
    c->calls++;
    c->total += n;
}
static void each(const int *from, int n, void (*visit)(int, void *), void *context) {
    for (int i = 0; i < n; i++) visit(from[i], context);
}

static double half(double d) { return d / 2; }
static double square(double d) { return d * d; }

int main(void) {
    operation table[] = {plus, minus, times, choose('-')};
    for (int i = 0; i < 4; i++) printf("%d ", table[i](12, 5));
    puts(table[1] == table[3] ? "same" : "different");
    struct counter c = {0, 0};
    each((int[]){1, 2, 3, 4}, 4, count, &c);
    printf("%d %d\n", c.calls, c.total);
    double (*chain[])(double) = {square, half, square, NULL};
    double d = 3;
    for (int i = 0; chain[i]; i++) d = chain[i](d);
    printf("%g\n", d);
    return 0;
}
