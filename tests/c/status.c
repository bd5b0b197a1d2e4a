// stat in its forms: types, sizes, links, identity, and times that can be set.
// dir: write
//| 0 1 6 1
//| 0 1 1
//| 0 1
//| 0 1000000000 1500000000 123456789
//| 0 1000000000 1
//| 16
//| -1 -1
//| 0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct stat s, t;
    printf("%d", stat("hello.txt", &s));
    printf(" %d %d %d\n", S_ISREG(s.st_mode), (int)s.st_size, (int)s.st_nlink);
    printf("%d", stat("sub", &t));
    printf(" %d %d\n", S_ISDIR(t.st_mode), s.st_dev == t.st_dev && s.st_ino != t.st_ino);
    int fd = open("hello.txt", O_RDWR);
    printf("%d", fstat(fd, &t));
    printf(" %d\n", s.st_ino == t.st_ino && s.st_dev == t.st_dev && s.st_mtime == t.st_mtime);
    struct timespec times[2] = {{1000000000, 5}, {1500000000, 123456789}};
    printf("%d", futimens(fd, times));
    fstat(fd, &t);
    printf(" %d %d %d\n", (int)t.st_atim.tv_sec, (int)t.st_mtim.tv_sec, (int)t.st_mtim.tv_nsec);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    printf("%d", utimensat(AT_FDCWD, "hello.txt", times, 0));
    stat("hello.txt", &t);
    printf(" %d %d\n", (int)t.st_atim.tv_sec, t.st_mtime > 1700000000);
    write(fd, "more than before", 16);
    fstat(fd, &t);
    printf("%d\n", (int)t.st_size);
    printf("%d %d\n", stat("missing", &s), stat("hello.txt/x", &s));
    fstat(1, &s);
    printf("%d\n", S_ISREG(s.st_mode) || S_ISDIR(s.st_mode));
    return 0;
}
