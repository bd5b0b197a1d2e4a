// pread, pwrite and lseek: positions of their own, beyond the end, before the beginning, on what has none.
// dir: write
//| 3 0 8
//| 3 1 abcc
//| 0
//| 100 0 1 100
//| -1 1 -1 1
//| -1 1
//| -1 1
//| -1 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    int fd = open("p", O_CREAT | O_RDWR, 0644);
    char text[16] = {0};
    printf("%d", (int)pwrite(fd, "abc", 3, 5));
    printf(" %d", (int)lseek(fd, 0, SEEK_CUR));
    printf(" %d\n", (int)lseek(fd, 0, SEEK_END));
    printf("%d", (int)pread(fd, text, 3, 5));
    printf(" %d", (int)pread(fd, text + 3, 9, 7));
    printf(" %s\n", text);
    printf("%d\n", (int)pread(fd, text, 3, 100));
    printf("%d", (int)lseek(fd, 100, SEEK_SET));
    printf(" %d", (int)read(fd, text, 1));
    printf(" %d", (int)write(fd, "z", 1));
    printf(" %d\n", (int)lseek(fd, -1, SEEK_CUR));
    printf("%d", (int)lseek(fd, -1, SEEK_SET));
    printf(" %d", errno == EINVAL);
    printf(" %d", (int)lseek(fd, 0, 9));
    printf(" %d\n", errno == EINVAL);
    printf("%d", (int)lseek(0, 0, SEEK_CUR));
    printf(" %d\n", errno == ESPIPE);
    printf("%d", (int)pread(0, text, 1, 0));
    printf(" %d\n", errno == ESPIPE || errno == EBADF);
    printf("%d", (int)lseek(77, 0, SEEK_SET));
    printf(" %d\n", errno == EBADF);
    return 0;
}
