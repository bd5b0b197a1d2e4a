// A file of some megabytes, written, copied by characters and by blocks, and compared.
// dir: write
//| 1 1 750000
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t sum(const char *name, long *size) {
    FILE *f = fopen(name, "rb");
    uint32_t hash = 2166136261u;
    *size = 0;
    for (int c; (c = getc(f)) != EOF; ++*size) hash = (hash ^ (uint32_t)c) * 16777619;
    fclose(f);
    return hash;
}

int main(void) {
    FILE *f = fopen("one", "wb");
    uint32_t seed = 9;
    for (int i = 0; i < 300000; i++) {
        seed = seed * 1664525 + 1013904223;
        fwrite(&seed, 1, 1 + seed % 4, f);
    }
    fclose(f);
    FILE *from = fopen("one", "rb"), *to = fopen("two", "wb");
    for (int c; (c = getc(from)) != EOF;) putc(c, to);
    fclose(from);
    fclose(to);
    from = fopen("two", "rb");
    to = fopen("three", "wb");
    static char block[70001];
    for (size_t n; (n = fread(block, 1, sizeof block, from));) fwrite(block, 1, n, to);
    fclose(from);
    fclose(to);
    long sizes[3];
    uint32_t sums[3] = {sum("one", &sizes[0]), sum("two", &sizes[1]), sum("three", &sizes[2])};
    printf("%d %d %ld\n", sums[0] == sums[1], sums[1] == sums[2], sizes[2]);
    return 0;
}
