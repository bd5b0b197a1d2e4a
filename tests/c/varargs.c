// Functions with any number of arguments.
//| 10000000069.5
//| 0
//| 10 hello-4
//| 123456789101112
#include <stdarg.h>
#include <stdio.h>

static double add(const char *types, ...) {
    double sum = 0;
    va_list list, again;
    va_start(list, types);
    va_copy(again, list);
    for (const char *t = types; *t; t++) {
        if (*t == 'i') sum += va_arg(list, int);
        if (*t == 'l') sum += (double)va_arg(list, long long);
        if (*t == 'd') sum += va_arg(list, double);
        if (*t == 's') sum += va_arg(list, const char *)[0];
    }
    sum += *types == 'i' ? va_arg(again, int) : 0;
    va_end(again);
    va_end(list);
    return sum;
}

static int format(char *out, size_t room, const char *text, ...) {
    va_list list;
    va_start(list, text);
    int len = vsnprintf(out, room, text, list);
    va_end(list);
    return len;
}

int main(void) {
    printf("%.1f\n", add("iilds", 1, 2, 10000000000ll, 0.5, "A"));
    printf("%g\n", add(""));
    char small[8];
    printf("%d %s\n", format(small, sizeof small, "%s-%d-%c", "hello", 42, 'x'), small);
    printf("%d%d%d%d%d%d%d%d%d%d%d%d\n", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    return 0;
}
