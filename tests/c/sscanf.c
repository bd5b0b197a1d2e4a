// sscanf: numbers, sets, widths, suppressed fields, and where it stops.
//| 3 12 -34 word
//| 3 255 31 15
//| 2 key value
//| 2 350 abc 8
//| 2 12 56
//| 0 -1
//| 9999999999999
#include <stdio.h>

int main(void) {
    int a = 0, b = 0, n = 0;
    char word[16] = "", rest[16] = "";
    double d = 0;
    printf("%d ", sscanf("12 -34 word", "%d %d %15s", &a, &b, word));
    printf("%d %d %s\n", a, b, word);
    printf("%d ", sscanf("ff 0x1F 017", "%x %i %i", (unsigned *)&a, &b, &n));
    printf("%d %d %d\n", a, b, n);
    printf("%d ", sscanf("key=value;x", "%15[^=]=%15[a-z]", word, rest));
    printf("%s %s\n", word, rest);
    printf("%d ", sscanf("3.5e2abc", "%lf%3s%n", &d, word, &n));
    printf("%g %s %d\n", d, word, n);
    printf("%d ", sscanf("123456", "%2d%*2d%2d", &a, &b));
    printf("%d %d\n", a, b);
    printf("%d %d\n", sscanf("x", "%d", &a), sscanf("", "%d", &a));
    long long big;
    sscanf("9999999999999", "%lld", &big);
    printf("%lld\n", big);
    return 0;
}
