// stdio on a file: writing, reading, positions, and what an open mode allows.
// dir: write
//| 23 0
//| line 1
//| liline 2
//| 5 bytes 1
//|  1
//| r 15
//| -1 1
//| 1 1
//| into a file
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    FILE *f = fopen("new.txt", "w");
    fprintf(f, "line %d\n", 1);
    fputs("line 2\n", f);
    fwrite("raw\0bytes", 1, 9, f);
    printf("%ld", ftell(f));
    printf(" %d\n", fclose(f));
    f = fopen("new.txt", "r+");
    char line[32];
    printf("%s", fgets(line, sizeof line, f));
    fpos_t mark;
    fgetpos(f, &mark);
    putchar(fgetc(f));
    putchar(fgetc(f));
    fsetpos(f, &mark);
    printf("%s", fgets(line, sizeof line, f));
    fseek(f, -5, SEEK_END);
    size_t n = fread(line, 1, sizeof line, f);
    printf("%d %.5s %d\n", (int)n, line, feof(f) != 0);
    rewind(f);
    fputs("LINE", f);
    fseek(f, 0, SEEK_CUR);
    printf("%s", fgets(line, sizeof line, f));
    fseek(f, 14, SEEK_SET);
    printf("%c", fgetc(f));
    printf(" %ld\n", ftell(f));
    fclose(f);
    f = fopen("new.txt", "r");
    printf("%d", fputc(0, f));
    printf(" %d\n", ferror(f) != 0);
    fclose(f);
    f = fopen("new.txt", "wx");
    printf("%d %d\n", f == NULL, errno == EEXIST);
    f = freopen("second.txt", "w", stderr);
    fprintf(stderr, "into a file\n");
    fclose(f);
    f = fopen("second.txt", "r");
    printf("%s", fgets(line, sizeof line, f));
    return 0;
}
