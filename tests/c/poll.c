// poll: what is ready, what is not, what is no descriptor, and how long it waits.
// stdin: data
// dir: write
//| 2 1 1
//| 3 1
//| 0 1
//| 0 4
//| 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static long milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(void) {
    struct pollfd fds[3] = {{0, POLLIN, 0}, {1, POLLOUT, 0}, {99, POLLIN, 0}};
    printf("%d ", poll(fds, 2, 1000));
    printf("%d %d\n", (fds[0].revents & POLLIN) != 0, (fds[1].revents & POLLOUT) != 0);
    printf("%d ", poll(fds, 3, 1000));
    printf("%d\n", (fds[2].revents & POLLNVAL) != 0);
    long before = milliseconds();
    struct pollfd none = {-1, POLLIN, 0};
    printf("%d ", poll(&none, 1, 30));
    long took = milliseconds() - before;
    printf("%d\n", took >= 29 && took < 5000);
    int fd = open("hello.txt", O_RDONLY);
    lseek(fd, 2, SEEK_SET);
    int left = 0;
    printf("%d", ioctl(fd, FIONREAD, &left));
    printf(" %d\n", left);
    struct pollfd file = {fd, POLLIN | POLLOUT, 0};
    printf("%d\n", poll(&file, 1, 0) == 1 && (file.revents & POLLIN));
    return 0;
}
