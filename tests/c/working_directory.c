// The C library's own working directory: relative names follow it.
// dir: write
//| 0 1
//| inner
//| /sub
//| 0 0 -1 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    char path[256], text[32] = {0};
    printf("%d", chdir("sub"));
    FILE *f = fopen("inner.txt", "r");
    printf(" %d\n", f != NULL && fgets(text, sizeof text, f) != NULL);
    printf("%s", text);
    printf("%s\n", getcwd(path, sizeof path));
    printf("%d", chdir(".."));
    printf(" %d", access("hello.txt", R_OK));
    printf(" %d", chdir("missing"));
    printf(" %d\n", errno == ENOENT);
    return 0;
}
