// The flags of a descriptor: how it was opened, what can be changed, what is written at once.
// dir: write
//| 1 1 1
//| 0 1 1
//| 1 1 1
//| -1 1
//| 0 1
//| -1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int fd = open("hello.txt", O_RDONLY);
    printf("%d", (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
    fd = open("hello.txt", O_WRONLY | O_SYNC);
    int flags = fcntl(fd, F_GETFL);
    printf(" %d %d\n", (flags & O_ACCMODE) == O_WRONLY, (flags & O_SYNC) != 0);
    printf("%d", fcntl(fd, F_SETFL, flags | O_APPEND));
    printf(" %d", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
    printf(" %d\n", (int)write(fd, "x", 1));
    fd = open("hello.txt", O_RDWR | O_DSYNC | O_NONBLOCK);
    flags = fcntl(fd, F_GETFL);
    printf("%d %d %d\n", (flags & O_ACCMODE) == O_RDWR, (flags & O_DSYNC) != 0, (flags & O_NONBLOCK) != 0);
    printf("%d", fcntl(fd, F_SETFL, flags & ~O_DSYNC));
    printf(" %d\n", errno == EINVAL);
    printf("%d", fcntl(0, F_SETFL, O_NONBLOCK));
    printf(" %d\n", (fcntl(0, F_GETFL) & O_NONBLOCK) != 0);
    printf("%d\n", fcntl(99, F_GETFL));
    return 0;
}
