// Symbolic links: to files and directories, read, followed or not, dangling, in a circle.
// dir: write
//| 0 0 0
//| 9 hello.txt 3 ../
//| 1 9 1 6
//| 6 6 6 6 6
//| -1 1 -1 1 -1 1
//| -1 1 -1 1
//| 0 0
//| 0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct stat s;
    char text[32] = {0};
    printf("%d %d %d\n", symlink("hello.txt", "l"), symlink("../hello.txt", "sub/up"), symlink("sub", "ld"));
    printf("%d", (int)readlink("l", text, sizeof text));
    printf(" %s", text);
    memset(text, 0, sizeof text);
    printf(" %d", (int)readlink("sub/up", text, 3));
    printf(" %s\n", text);
    lstat("l", &s);
    printf("%d %d", S_ISLNK(s.st_mode), (int)s.st_size);
    stat("l", &s);
    printf(" %d %d\n", S_ISREG(s.st_mode), (int)s.st_size);
    const char *paths[] = {"l", "sub/up", "ld/inner.txt", "ld/up", "ld/../l"};
    for (int i = 0; i < 5; i++) {
        int fd = open(paths[i], O_RDONLY);
        memset(text, 0, sizeof text);
        printf("%d%c", (int)read(fd, text, sizeof text), i < 4 ? ' ' : '\n');
        close(fd);
    }
    printf("%d", open("l", O_RDONLY | O_NOFOLLOW));
    printf(" %d", errno == ELOOP);
    symlink("nowhere", "dangling");
    printf(" %d", open("dangling", O_RDONLY));
    printf(" %d", errno == ENOENT);
    symlink("circle", "circle");
    printf(" %d", open("circle", O_RDONLY));
    printf(" %d\n", errno == ELOOP);
    printf("%d", symlink("x", "l"));
    printf(" %d", errno == EEXIST);
    printf(" %d", (int)readlink("hello.txt", text, 5));
    printf(" %d\n", errno == EINVAL);
    printf("%d %d\n", unlink("l"), access("hello.txt", F_OK));
    close(open("dangling", O_CREAT | O_WRONLY, 0644));
    printf("%d\n", access("nowhere", F_OK));
    return 0;
}
