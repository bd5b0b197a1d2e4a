// Unions: one memory, several types; the byte order is that of wasm.
//| 3f800000 00 3f 16256
//| 3.14159
//| 40
#include <stdint.h>
#include <stdio.h>
#include <string.h>

union number { uint32_t bits; float single; uint8_t bytes[4]; int16_t halves[2]; };

struct value { enum { INTEGER, TEXT, PAIR } kind; union { int integer; const char *text; struct value *pair; } as; };

static int sum(const struct value *v) {
    switch (v->kind) {
    case INTEGER: return v->as.integer;
    case TEXT: return (int)strlen(v->as.text);
    default: return sum(&v->as.pair[0]) + sum(&v->as.pair[1]);
    }
}

int main(void) {
    union number n = {.single = 1.0f};
    printf("%08x %02x %02x %d\n", n.bits, n.bytes[0], n.bytes[3], n.halves[1]);
    n.bits = 0x40490fdb;
    printf("%.5f\n", n.single);
    struct value leaves[2] = {{INTEGER, {.integer = 40}}, {TEXT, {.text = "ab"}}};
    struct value inner[2] = {{PAIR, {.pair = leaves}}, {INTEGER, {.integer = -2}}};
    struct value root = {PAIR, {.pair = inner}};
    printf("%d\n", sum(&root));
    return 0;
}
