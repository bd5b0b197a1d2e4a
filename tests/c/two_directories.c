// Two granted directories: each by its own name, a file moved from one to the other.
// dir: write
// second: /data/second
//| 1
//| -1 0
//| 0
//| -1 0
//| -1
//| -1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct stat s;
    FILE *f = fopen("/data/second/file", "w");
    printf("%d\n", f != NULL);
    fputs("text", f);
    fclose(f);
    printf("%d", stat("file", &s));
    printf(" %d\n", access("/data/second/file", F_OK));
    printf("%d\n", rename("hello.txt", "/data/second/moved"));
    printf("%d", access("hello.txt", F_OK));
    printf(" %d\n", access("/data/second/moved", F_OK));
    printf("%d\n", open("/data/other", O_RDONLY));
    printf("%d\n", open("/data/second/../third", O_CREAT | O_WRONLY, 0644));
    return 0;
}
