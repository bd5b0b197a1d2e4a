// Room that is reserved, advice that is taken, files with holes.
// dir: write
//| 0 1000 0 1000 1 1
//| 0 1
//| 10485763
//| 0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    int fd = open("f", O_CREAT | O_RDWR, 0644);
    struct stat s;
    printf("%d", posix_fallocate(fd, 0, 1000));
    fstat(fd, &s);
    printf(" %d", (int)s.st_size);
    printf(" %d", posix_fallocate(fd, 10, 20));
    fstat(fd, &s);
    printf(" %d", (int)s.st_size);
    printf(" %d %d\n", posix_fallocate(fd, 0, 0) == EINVAL, posix_fallocate(99, 0, 1) == EBADF);
    printf("%d %d\n", posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), posix_fadvise(0, 0, 0, POSIX_FADV_NORMAL) != 0);
    lseek(fd, 10 << 20, SEEK_SET);
    write(fd, "end", 3);
    fstat(fd, &s);
    printf("%d\n", (int)s.st_size);
    char text[8] = "xxxx";
    pread(fd, text, 4, 5 << 20);
    printf("%d\n", memcmp(text, "\0\0\0\0", 4));
    return 0;
}
