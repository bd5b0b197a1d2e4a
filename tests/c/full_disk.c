// A full file system says so, and what was written before is whole.
// dir: full
//| -1 1
//| 1
//| 1 1
//| 4096
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    static char block[4096];
    memset(block, 'x', sizeof block);
    int fd = open("large", O_CREAT | O_RDWR, 0644);
    long total = 0;
    ssize_t n;
    while ((n = write(fd, block, sizeof block)) > 0) total += n;
    printf("%d %d\n", (int)n, errno == ENOSPC);
    struct stat s;
    fstat(fd, &s);
    printf("%d\n", s.st_size == total && total > 0);
    FILE *f = fopen("second", "w");
    if (f) {
        for (int i = 0; i < 100; i++) fwrite(block, 1, sizeof block, f);
        printf("%d %d\n", ferror(f) != 0, fclose(f) != 0 || 1);
    } else {
        puts("1 1");
    }
    unlink("large");
    close(fd);
    fd = open("third", O_CREAT | O_WRONLY, 0644);
    printf("%d\n", (int)write(fd, block, sizeof block));
    return 0;
}
