// A calculator by recursive descent, reading its expressions from standard input.
// stdin: 1 + 2 * 3\n(1 + 2) * 3\n-2 ^ 2 / 4\n2 ^ 3 ^ 2\n10 % 4 - 7\n1 / 0\n(1\n\n
//| 7
//| 9
//| 1
//| 512
//| -5
//| inf
//| error
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *at;
static int failed;
static double sum(void);

static char next(void) {
    while (isspace((unsigned char)*at)) at++;
    return *at;
}

static double atom(void) {
    if (next() == '(') {
        at++;
        double d = sum();
        if (next() == ')') at++; else failed = 1;
        return d;
    }
    if (next() == '-') {
        at++;
        return -atom();
    }
    char *end;
    double d = strtod(at, &end);
    if (end == at) failed = 1;
    at = end;
    return d;
}

static double power(void) {
    double base = atom();
    if (next() != '^') return base;
    at++;
    return pow(base, power());
}

static double product(void) {
    double d = power();
    for (;;) {
        char c = next();
        if (c != '*' && c != '/' && c != '%') return d;
        at++;
        double e = power();
        d = c == '*' ? d * e : c == '/' ? d / e : fmod(d, e);
    }
}

static double sum(void) {
    double d = product();
    for (;;) {
        char c = next();
        if (c != '+' && c != '-') return d;
        at++;
        double e = product();
        d = c == '+' ? d + e : d - e;
    }
}

int main(void) {
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        at = line;
        failed = 0;
        if (!next()) continue;
        double d = sum();
        if (failed || next()) puts("error"); else printf("%g\n", d);
    }
    return 0;
}
