// A directory that was granted for reading: everything can be read, nothing changed.
// dir: read
//| hello
//| -1 1
//| 13
//| 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char text[16] = {0};
    int fd = open("hello.txt", O_RDONLY);
    read(fd, text, 15);
    printf("%s", text);
    printf("%d", (int)write(fd, "x", 1));
    printf(" %d\n", errno == EBADF);
    struct timespec times[2] = {{1, 0}, {1, 0}};
    int refused = 0;
    refused += open("hello.txt", O_WRONLY) == -1 && errno == EPERM;
    refused += open("hello.txt", O_RDWR) == -1 && errno == EPERM;
    refused += open("new", O_CREAT | O_RDONLY, 0644) == -1 && errno == EPERM;
    refused += open("hello.txt", O_TRUNC | O_RDONLY) == -1 && errno == EPERM;
    refused += mkdir("d", 0755) == -1 && errno == EPERM;
    refused += unlink("hello.txt") == -1 && errno == EPERM;
    refused += rmdir("sub") == -1 && errno == EPERM;
    refused += rename("hello.txt", "b") == -1 && errno == EPERM;
    refused += symlink("hello.txt", "l") == -1 && errno == EPERM;
    refused += link("hello.txt", "l") == -1 && errno == EPERM;
    refused += utimensat(AT_FDCWD, "hello.txt", times, 0) == -1 && errno == EPERM;
    refused += futimens(fd, times) == -1;
    refused += ftruncate(fd, 0) == -1;
    printf("%d\n", refused);
    int count = 0;
    DIR *dir = opendir(".");
    while (readdir(dir)) count++;
    printf("%d\n", count > 4);
    return 0;
}
