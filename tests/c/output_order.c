// Buffers: flushed when asked, when full, at the end; standard error at once; a write after a close fails.
// stderr: unbuffered
//| isatty 0 0
//| one two three four
//| 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,
//| at once
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    printf("isatty %d %d\n", isatty(0), isatty(1));
    printf("one ");
    fflush(stdout);
    write(1, "two ", 4);
    printf("four\n");
    write(1, "three ", 6);
    fflush(stdout);
    static char buffer[8];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (int i = 0; i < 20; i++) printf("%d,", i);
    puts("");
    fflush(stdout);
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("at once\n");
    fprintf(stderr, "unbuffered\n");
    close(1);
    int failed = write(1, "x", 1) == -1 && errno == EBADF;
    fprintf(stderr, "%s\n", failed ? "closed" : "still open");
    return failed ? 0 : 1;
}
