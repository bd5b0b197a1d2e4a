// A long standard input: lines, words, bytes and a checksum, by getline and by read.
// stdin-lines: 100000
//| 100000 1188890 2392953256
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    char *line = NULL;
    size_t room = 0;
    long lines = 0, bytes = 0;
    unsigned sum = 0;
    for (ssize_t len; lines < 50000 && (len = getline(&line, &room, stdin)) > 0; lines++) {
        bytes += len;
        sum = sum * 31 + (unsigned)atoi(line);
    }
    free(line);
    static char buffer[10000];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, stdin)); bytes += (long)n)
        for (size_t i = 0; i < n; i++) lines += buffer[i] == '\n';
    printf("%ld %ld %u\n", lines, bytes, sum);
    return 0;
}
