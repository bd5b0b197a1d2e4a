// What the system says to wrong uses of descriptors.
// dir: write
//| 0 0 0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void is(const char *what, long got, int want) {
    if (got != -1 || errno != want) printf("%s: %ld %s\n", what, got, got == -1 ? strerror(errno) : "");
}

int main(void) {
    char c;
    int file = open("hello.txt", O_RDONLY), dir = open("sub", O_RDONLY | O_DIRECTORY), out = open("w", O_CREAT | O_WRONLY, 0644);
    is("read of nothing", read(99, &c, 1), EBADF);
    is("read of -1", read(-1, &c, 1), EBADF);
    is("write to what is read", write(file, "x", 1), EBADF);
    is("read of what is written", read(out, &c, 1), EBADF);
    is("write to stdin", write(0, "x", 1), EBADF);
    is("read of stdout", read(1, &c, 1), EBADF);
    is("read of a directory", read(dir, &c, 1), EISDIR);
    is("write to a directory", write(dir, "x", 1), EBADF);
    is("open a directory to write", open("sub", O_WRONLY), EISDIR);
    is("open below a file", open("hello.txt/x", O_RDONLY), ENOTDIR);
    is("open a file as a directory", open("hello.txt", O_RDONLY | O_DIRECTORY), ENOTDIR);
    is("open nothing", open("missing", O_RDONLY), ENOENT);
    is("create what is there", open("hello.txt", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
    is("open at a file", openat(file, "x", O_RDONLY), ENOTDIR);
    is("read into nowhere", read(file, (void *)0xfffffff0, 8), EFAULT);
    is("close twice", close(dir) ? -2 : close(dir), EBADF);
    is("fsync of stdout", fsync(1), EINVAL);
    printf("%d %d %d\n", fsync(file), fdatasync(out), (int)write(out, "", 0));
    return 0;
}
