// Descriptors run out with an error, come back when they are closed, and the lowest number comes first.
// dir: write
//| 1 1
//| 1
//| 7 10
//| 0 h
//| -1 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int opened = 0, last = -1, fd;
    while ((fd = open("hello.txt", O_RDONLY)) >= 0) {
        opened++;
        last = fd;
    }
    printf("%d %d\n", opened > 100, errno == EMFILE);
    printf("%d\n", opened == last - 3);
    close(10);
    close(7);
    printf("%d", open("hello.txt", O_RDONLY));
    printf(" %d\n", open("hello.txt", O_RDONLY));
    for (fd = 4; fd <= last; fd++) close(fd);
    close(0);
    printf("%d", open("hello.txt", O_RDONLY));
    printf(" %c\n", getchar());
    printf("%d", close(500));
    printf(" %d\n", errno == EBADF);
    return 0;
}
