// Times may be set through a descriptor that is open for reading only, where writing was granted.
// dir: write
//| 0 1234567890
//| 0 1234567890
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

int main(void) {
    int fd = open("hello.txt", O_RDONLY);
    struct timespec times[2] = {{5, 0}, {1234567890, 0}};
    struct stat s;
    printf("%d", futimens(fd, times));
    fstat(fd, &s);
    printf(" %d\n", (int)s.st_mtime);
    int dir = open("sub", O_RDONLY | O_DIRECTORY);
    printf("%d", futimens(dir, times));
    fstat(dir, &s);
    printf(" %d\n", (int)s.st_mtime);
    return 0;
}
