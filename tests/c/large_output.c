// Megabytes to standard output in pieces of all sizes.
// stdout-bytes: 4194304
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
    static char data[1 << 16];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (char)('a' + i % 26);
    long left = 4 << 20;
    for (size_t len = 1; left > 0; len = len * 3 % sizeof data + 1) {
        if ((long)len > left) len = (size_t)left;
        struct iovec pieces[3] = {{data, len / 2}, {data, 0}, {data + len / 2, len - len / 2}};
        if (writev(1, pieces, 3) != (ssize_t)len) return 1;
        left -= (long)len;
    }
    return 0;
}
