// Renaming: over a file, into a directory, a directory itself, and what cannot be.
// dir: write
//| 0 from a (none)
//| 0 from a
//| 0 from a gone
//| -1 1 -1 1 -1 1
//| 0
//| hello
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *name, const char *text) {
    FILE *f = fopen(name, "w");
    fputs(text, f);
    fclose(f);
}

static const char *get(const char *name) {
    static char text[32];
    FILE *f = fopen(name, "r");
    if (!f) return "(none)";
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

int main(void) {
    put("a", "from a");
    put("b", "from b");
    printf("%d", rename("a", "b"));
    printf(" %s", get("b"));
    printf(" %s\n", get("a"));
    printf("%d", rename("b", "sub/c"));
    printf(" %s\n", get("sub/c"));
    printf("%d", rename("sub", "moved"));
    printf(" %s %s\n", get("moved/c"), access("sub", F_OK) ? "gone" : "there");
    printf("%d", rename("missing", "x"));
    printf(" %d", errno == ENOENT);
    printf(" %d", rename("moved", "moved/inside"));
    printf(" %d", errno == EINVAL);
    printf(" %d", rename("hello.txt", "moved"));
    printf(" %d\n", errno == EISDIR);
    int fd = open("hello.txt", O_RDONLY), to = open("moved", O_RDONLY | O_DIRECTORY);
    printf("%d\n", renameat(AT_FDCWD, "hello.txt", to, "still open"));
    char text[8] = {0};
    read(fd, text, 5);
    puts(text);
    return 0;
}
