// A file that is unlinked while it is open lives on until it is closed.
// dir: write
//| 0 -1 1
//| 0 contents
//| 0
//| -1 1 -1 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    int fd = open("temporary", O_CREAT | O_EXCL | O_RDWR, 0600);
    write(fd, "contents", 8);
    printf("%d", unlink("temporary"));
    printf(" %d", open("temporary", O_RDONLY));
    printf(" %d\n", errno == ENOENT);
    struct stat s;
    fstat(fd, &s);
    char text[16] = {0};
    pread(fd, text, 16, 0);
    printf("%d %s\n", (int)s.st_nlink, text);
    int again = open("temporary", O_CREAT | O_EXCL | O_RDWR, 0600);
    fstat(again, &s);
    printf("%d\n", (int)s.st_size);
    printf("%d", unlink("missing"));
    printf(" %d", errno == ENOENT);
    printf(" %d", unlink("hello.txt/"));
    printf(" %d\n", errno == ENOTDIR);
    return 0;
}
