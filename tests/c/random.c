// Randomness: different each time, evenly spread, in pieces of any size.
//| 0 0
//| 1
//| 0
//| 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    unsigned char a[256], b[256];
    printf("%d %d\n", getentropy(a, 256), getentropy(b, 256));
    printf("%d\n", memcmp(a, b, 256) != 0);
    static unsigned char large[1 << 20];
    arc4random_buf(large, sizeof large);
    int counts[256] = {0}, uneven = 0;
    for (size_t i = 0; i < sizeof large; i++) counts[large[i]]++;
    for (int i = 0; i < 256; i++) uneven += counts[i] < 3600 || counts[i] > 4600;
    printf("%d\n", uneven);
    srand(1);
    int first = rand();
    srand(1);
    printf("%d\n", first == rand());
    return 0;
}
