// Functions of a component, over state that lies in the C library too: what is printed and not flushed, an open file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned total;
static unsigned *heap;
static FILE *file;

__attribute__((constructor)) static void begin(void) {
    heap = malloc(1 << 20);
    memset(heap, 0, 1 << 20);
    printf("begun\n");
    fflush(stdout);
}

__attribute__((export_name("bump"))) unsigned bump(unsigned by) {
    total += by;
    heap[total % (1 << 18)] = total;
    printf("total %u\n", total);
    fflush(stdout);
    return total;
}

__attribute__((export_name("mutter"))) void mutter(void) {
    // Stays in the library's buffer.
    setvbuf(stdout, NULL, _IOFBF, 4096);
    printf("muttered ");
}

__attribute__((export_name("open"))) unsigned open_file(void) {
    file = fopen("/data/file", "r");
    return file != NULL;
}

__attribute__((export_name("close"))) void close_file(void) {
    fclose(file);
}
