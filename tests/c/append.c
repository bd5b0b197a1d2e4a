// Appending: every write goes to the end, wherever the position is; the flag can be set and cleared.
// dir: write
//| 8
//| 1
//| one,two,
//| ONE,two,three
//| O
//| ONE,two,three!?
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void show(const char *name) {
    char text[64] = {0};
    int fd = open(name, O_RDONLY);
    read(fd, text, sizeof text - 1);
    close(fd);
    puts(text);
}

int main(void) {
    int fd = open("log", O_CREAT | O_RDWR | O_APPEND, 0644);
    write(fd, "one,", 4);
    lseek(fd, 0, SEEK_SET);
    write(fd, "two,", 4);
    printf("%d\n", (int)lseek(fd, 0, SEEK_CUR));
    printf("%d\n", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
    show("log");
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_APPEND);
    lseek(fd, 0, SEEK_SET);
    write(fd, "ONE", 3);
    fcntl(fd, F_SETFL, O_APPEND);
    write(fd, "three", 5);
    close(fd);
    show("log");
    FILE *f = fopen("log", "a+");
    fputs("!", f);
    rewind(f);
    printf("%c\n", fgetc(f));
    fseek(f, 0, SEEK_SET);
    fputs("?", f);
    fclose(f);
    show("log");
    return 0;
}
