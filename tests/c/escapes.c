// Ways out of the granted directory, all closed: dots, absolute paths, links that were there, links that are made.
// dir: write
//| ../secret.txt: refused
//| sub/../../secret.txt: refused
//| sub/../sub/../../secret.txt: refused
//| link-out: refused
//| link-absolute: refused
//| link-dir/secret.txt: refused
//| link-chain: refused
//| /etc/passwd: No such file or directory
//| ..: refused
//| ./../.: refused
//| made: refused
//| -1
//| deep/up/secret.txt: refused
//| -1 -1
//| -1 -1
//| -1
//| -1
//| 0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int opened;

static void attempt(const char *path) {
    char text[64] = {0};
    struct stat s;
    int fd = open(path, O_RDONLY);
    int why = errno;
    if (fd >= 0) {
        opened++;
        read(fd, text, sizeof text - 1);
    }
    printf("%s: %s%s\n", path, fd >= 0 ? text : why == EPERM || why == ENOTCAPABLE ? "refused" : strerror(why),
           stat(path, &s) == 0 ? ", but told" : "");
}

int main(void) {
    attempt("../secret.txt");
    attempt("sub/../../secret.txt");
    attempt("sub/../sub/../../secret.txt");
    attempt("link-out");
    attempt("link-absolute");
    attempt("link-dir/secret.txt");
    attempt("link-chain");
    attempt("/etc/passwd");
    attempt("..");
    attempt("./../.");
    symlink("../secret.txt", "made");
    attempt("made");
    printf("%d\n", symlink("/etc/passwd", "made-absolute"));
    mkdir("deep", 0755);
    symlink("../..", "deep/up");
    attempt("deep/up/secret.txt");
    printf("%d %d\n", rename("hello.txt", "../stolen"), link("hello.txt", "../stolen"));
    printf("%d %d\n", mkdir("../made", 0755), unlink("../secret.txt"));
    printf("%d\n", open("../new", O_CREAT | O_WRONLY, 0644));
    printf("%d\n", open("link-out-new", O_CREAT | O_WRONLY, 0644));
    printf("%d\n", opened);
    return 0;
}
