// What the C library emulates: mapped memory, processor time, a process number.
// flags: -D_WASI_EMULATED_MMAN -lwasi-emulated-mman -D_WASI_EMULATED_PROCESS_CLOCKS -lwasi-emulated-process-clocks -D_WASI_EMULATED_GETPID -lwasi-emulated-getpid
// dir: write
//| hello
//| 0
//| 1 1
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    int fd = open("hello.txt", O_RDONLY);
    char *text = mmap(NULL, 5, PROT_READ, MAP_PRIVATE, fd, 0);
    printf("%.5s\n", text);
    printf("%d\n", munmap(text, 5));
    clock_t before = clock();
    volatile unsigned n = 0;
    while (clock() == before) n++;
    printf("%d %d\n", clock() > before, getpid() > 0);
    return 0;
}
