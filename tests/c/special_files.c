// Pipes and devices that lie in the directory can be seen and are never opened.
// dir: write
//| fifo: 0 0
//| socket: 0 0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void attempt(const char *path) {
    struct stat s;
    if (stat(path, &s)) {
        printf("%s: not there\n", path);
        return;
    }
    int modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK};
    int opened = 0;
    for (int i = 0; i < 4; i++) opened += open(path, modes[i]) >= 0;
    printf("%s: %d %d\n", path, opened, S_ISREG(s.st_mode) || S_ISDIR(s.st_mode));
}

int main(void) {
    attempt("fifo");
    attempt("socket");
    return 0;
}
