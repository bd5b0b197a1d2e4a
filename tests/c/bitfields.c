// Bit-fields: signed and unsigned, packed next to each other, zero width, wrapping.
//| 1 1 bcd -15 15
//| 1 0 bcd -16 15 8
//| 12340054
//| f e be dead
#include <stdio.h>
#include <string.h>

struct flags { unsigned a : 1, b : 3, c : 12; int d : 5; unsigned : 0; unsigned e : 4; };
union header { struct { unsigned version : 4, length : 4, service : 8, size : 16; } f; unsigned raw; };

int main(void) {
    struct flags f;
    memset(&f, 0, sizeof f);
    f.a = 3;
    f.b = 9;
    f.c = 0xabcd;
    f.d = 17;
    f.e = 0xff;
    printf("%u %u %x %d %u\n", f.a, f.b, f.c, f.d, f.e);
    f.d--;
    f.b += 7;
    printf("%u %u %x %d %u %d\n", f.a, f.b, f.c, f.d, f.e, (int)sizeof f);
    union header h = {.raw = 0};
    h.f.version = 4;
    h.f.length = 5;
    h.f.size = 0x1234;
    printf("%08x\n", h.raw);
    h.raw = 0xdeadbeef;
    printf("%x %x %x %x\n", h.f.version, h.f.length, h.f.service, h.f.size);
    return 0;
}
