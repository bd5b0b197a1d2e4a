// Lines and characters from standard input: long ones, pushing back, the end without a newline.
// stdin: first\na line that is longer than the buffer\n\nlast
//| first
//| a<A line that is >15 <longer than the>15 < buffer>8 <>1 <last>4 
//| 1 0 -1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char buffer[16];
    fgets(buffer, sizeof buffer, stdin);
    printf("%s", buffer);
    int c = getchar();
    ungetc('A', stdin);
    printf("%c", c);
    while (fgets(buffer, sizeof buffer, stdin)) {
        size_t len = strlen(buffer);
        printf("<%s>%d ", strtok(buffer, "\n") ? buffer : "", (int)len);
    }
    printf("\n%d %d %d\n", feof(stdin) != 0, ferror(stdin) != 0, getchar());
    return 0;
}
