// The preprocessor: joining, quoting, variadic macros, _Generic, X-macros, conditional parts.
//| main:7 a, "b"
//| main:none
//| int double text other
//| RED BLUE ?
//| wasi
//| 1
#include <stdio.h>

#define JOIN(a, b) a##b
#define QUOTE(...) #__VA_ARGS__
#define LOG(format, ...) printf("%s:" format "\n", __func__, ##__VA_ARGS__)
#define KIND(x) _Generic((x), int: "int", double: "double", char *: "text", default: "other")
#define COLORS X(RED, 4) X(GREEN, 2) X(BLUE, 1)
#define X(name, bit) name = bit,
enum color { COLORS };
#undef X

static const char *color(enum color c) {
#define X(name, bit) if (c == name) return #name;
    COLORS
#undef X
    return "?";
}

int main(void) {
    int JOIN(var, 7) = 7;
    LOG("%d %s", var7, QUOTE(a, "b"));
    LOG("none");
    printf("%s %s %s %s\n", KIND(1), KIND(1.0), KIND((char *)"x"), KIND(1ull));
    printf("%s %s %s\n", color(RED), color(1), color(9));
#if defined(__wasi__) && __STDC_VERSION__ >= 201112L && (3 * 2 == 6)
    puts("wasi");
#else
    puts("something else");
#endif
    printf("%d\n", __LINE__ > 20);
    return 0;
}
