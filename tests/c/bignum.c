// Numbers of any length: the factorial of 100, a power of two, a Fibonacci number.
//| 93326215443944152681699238856266700490715968264381621468592963895217599993229915608941463976156518286253697920827223758251185210916864000000000000000000000000
//| 115792089237316195423570985008687907853269984665640564039457584007913129639936
//| 222232244629420445529739893461909967206666939096499764990979600
#include <stdio.h>
#include <string.h>

enum { DIGITS = 400 };
struct big { int n; unsigned char digit[DIGITS]; };

static void multiply(struct big *b, unsigned by) {
    unsigned carry = 0;
    for (int i = 0; i < b->n || carry; i++) {
        carry += (i < b->n ? b->digit[i] : 0) * by;
        b->digit[i] = (unsigned char)(carry % 10);
        carry /= 10;
        if (i >= b->n) b->n = i + 1;
    }
}

static void add(struct big *to, const struct big *b) {
    unsigned carry = 0;
    int n = to->n > b->n ? to->n : b->n;
    for (int i = 0; i < n || carry; i++) {
        carry += (i < to->n ? to->digit[i] : 0u) + (i < b->n ? b->digit[i] : 0u);
        to->digit[i] = (unsigned char)(carry % 10);
        carry /= 10;
        if (i >= to->n) to->n = i + 1;
    }
}

static void print(const struct big *b) {
    for (int i = b->n; i--;) putchar('0' + b->digit[i]);
    putchar('\n');
}

int main(void) {
    struct big f = {1, {1}}, p = {1, {1}}, a = {1, {0}}, b = {1, {1}};
    for (unsigned i = 2; i <= 100; i++) multiply(&f, i);
    print(&f);
    for (int i = 0; i < 256; i++) multiply(&p, 2);
    print(&p);
    for (int i = 0; i < 300; i++) {
        struct big t = b;
        add(&b, &a);
        a = t;
    }
    print(&a);
    return 0;
}
