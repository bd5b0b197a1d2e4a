// readv and writev: many pieces, empty ones, and more than there can be.
// dir: write
//| 819 -1 1 0
//| 34 bcd eghijlmnoqrstvwxyabcdfghiklmnpq
//| 5 efh ij
//| 0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct iovec pieces[1025];
static char letters[1025];

int main(void) {
    int fd = open("v", O_CREAT | O_RDWR, 0644);
    for (int i = 0; i < 1025; i++) {
        letters[i] = (char)('a' + i % 26);
        pieces[i] = (struct iovec){letters + i, i % 5 ? 1 : 0};
    }
    printf("%d", (int)writev(fd, pieces, 1024));
    printf(" %d", (int)writev(fd, pieces, 1025));
    printf(" %d", errno == EINVAL);
    printf(" %d\n", (int)writev(fd, pieces, 0));
    char head[4] = {0}, none[1], tail[32] = {0};
    struct iovec into[] = {{head, 3}, {none, 0}, {tail, 31}};
    lseek(fd, 0, SEEK_SET);
    printf("%d", (int)readv(fd, into, 3));
    printf(" %s %s\n", head, tail);
    lseek(fd, -5, SEEK_END);
    memset(tail, 0, sizeof tail);
    printf("%d", (int)readv(fd, into, 3));
    printf(" %s %s\n", head, tail);
    printf("%d\n", (int)readv(fd, into, 3));
    return 0;
}
