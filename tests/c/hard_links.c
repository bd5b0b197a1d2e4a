// Hard links: two names, one file.
// dir: write
//| 0
//| 1 2
//| 3
//| 1
//| -1 1 -1 1 -1 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct stat a, b;
    printf("%d\n", link("hello.txt", "sub/second"));
    stat("hello.txt", &a);
    stat("sub/second", &b);
    printf("%d %d\n", a.st_ino == b.st_ino, (int)a.st_nlink);
    int fd = open("sub/second", O_WRONLY | O_TRUNC);
    write(fd, "new", 3);
    close(fd);
    stat("hello.txt", &a);
    printf("%d\n", (int)a.st_size);
    unlink("hello.txt");
    stat("sub/second", &b);
    printf("%d\n", (int)b.st_nlink);
    printf("%d", link("missing", "x"));
    printf(" %d", errno == ENOENT);
    printf(" %d", link("sub/second", "sub"));
    printf(" %d", errno == EEXIST);
    printf(" %d", link("sub", "x"));
    printf(" %d\n", errno == EPERM);
    return 0;
}
