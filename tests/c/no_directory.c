// Without a granted directory there are no files.
//| 1 1 1 -1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    printf("%d", fopen("hello.txt", "r") == NULL);
    printf(" %d", fopen("/etc/passwd", "r") == NULL);
    printf(" %d", opendir(".") == NULL);
    printf(" %d\n", open("new", O_CREAT | O_WRONLY, 0644));
    return 0;
}
