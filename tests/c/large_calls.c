// One call reads and writes many megabytes of a file at once.
// dir: write
//| 20000000 20000000 0
//| 1 20000000
//| 4999990 0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 20000000 };
static unsigned char out[SIZE], in[SIZE];

int main(void) {
    for (int i = 0; i < SIZE; i++) out[i] = (unsigned char)(i * 7 >> 3);
    int fd = open("large", O_CREAT | O_RDWR, 0644);
    printf("%d", (int)write(fd, out, SIZE));
    printf(" %d", (int)pread(fd, in, SIZE, 0));
    printf(" %d\n", memcmp(in, out, SIZE));
    struct stat s;
    printf("%d", fstat(fd, &s) == 0);
    printf(" %d\n", (int)s.st_size);
    printf("%d", (int)pread(fd, in, SIZE, SIZE - 4999990));
    printf(" %d\n", memcmp(in, out + SIZE - 4999990, 4999990));
    return 0;
}
