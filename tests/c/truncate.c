// Sizes: cut, grown with zeros, cut when opened, and only with the right to write.
// dir: write
//| 0 4
//| 0
//| 8 0
//| 10 -1
//| 1
//| 8
//| 0
//| 0 3
//| -1 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long size(const char *name) {
    struct stat s;
    return stat(name, &s) ? -1 : (long)s.st_size;
}

int main(void) {
    int fd = open("t", O_CREAT | O_RDWR, 0644);
    write(fd, "0123456789", 10);
    printf("%d", ftruncate(fd, 4));
    printf(" %ld\n", size("t"));
    printf("%d\n", ftruncate(fd, 8));
    char text[16];
    printf("%d %d\n", (int)pread(fd, text, 16, 0), memcmp(text, "0123\0\0\0\0", 8));
    printf("%d %d\n", (int)lseek(fd, 0, SEEK_CUR), ftruncate(fd, -1));
    close(fd);
    fd = open("t", O_RDONLY);
    printf("%d\n", ftruncate(fd, 0) == -1);
    close(fd);
    printf("%ld\n", size("t"));
    close(open("t", O_WRONLY | O_TRUNC));
    printf("%ld\n", size("t"));
    printf("%d", truncate("t", 3));
    printf(" %ld\n", size("t"));
    printf("%d", open("missing", O_WRONLY | O_TRUNC));
    printf(" %d\n", errno == ENOENT);
    return 0;
}
