// Making and removing directories, and each way to get it wrong.
// dir: write
//| mkdir done
//| mkdir again refused
//| mkdir over a file refused
//| mkdir below nothing refused
//| mkdir below a file refused
//| mkdir deep done
//| rmdir full refused
//| rmdir a file refused
//| unlink a directory refused
//| rmdir inner done
//| rmdir done
//| rmdir nothing refused
//| mkdir with a slash done
//| mkdirat done
//| unlinkat done
//| remove done
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void is(const char *what, int got, int want) {
    printf("%s %s\n", what, got == 0 ? "done" : errno == want ? "refused" : "WRONG");
    if (got && errno != want) printf("errno %d instead of %d\n", errno, want);
}

int main(void) {
    is("mkdir", mkdir("d", 0755), 0);
    is("mkdir again", mkdir("d", 0755), EEXIST);
    is("mkdir over a file", mkdir("hello.txt", 0755), EEXIST);
    is("mkdir below nothing", mkdir("x/y", 0755), ENOENT);
    is("mkdir below a file", mkdir("hello.txt/y", 0755), ENOTDIR);
    is("mkdir deep", mkdir("d/e", 0755), 0);
    is("rmdir full", rmdir("d"), ENOTEMPTY);
    is("rmdir a file", rmdir("hello.txt"), ENOTDIR);
    is("unlink a directory", unlink("d"), EISDIR);
    is("rmdir inner", rmdir("d/e"), 0);
    is("rmdir", rmdir("d/"), 0);
    is("rmdir nothing", rmdir("d"), ENOENT);
    is("mkdir with a slash", mkdir("d/", 0755), 0);
    int dir = open("sub", O_RDONLY | O_DIRECTORY);
    is("mkdirat", mkdirat(dir, "below", 0755), 0);
    is("unlinkat", unlinkat(dir, "below", AT_REMOVEDIR), 0);
    is("remove", remove("hello.txt"), 0);
    return 0;
}
