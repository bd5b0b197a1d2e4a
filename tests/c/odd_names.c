// Names that are not text, with spaces and newlines, as long as can be, and longer.
// dir: write
//| 1111111
//| 7
//| -1 1 -1 1
//| 000000
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char longest[257], path[5000];
    memset(longest, 'n', 255);
    longest[255] = 0;
    const char *names[] = {"\xff\xfe latin \xe9", "two words", "new\nline", "\xc3\xbc", "...", "-", longest};
    for (int i = 0; i < 7; i++) {
        int fd = open(names[i], O_CREAT | O_EXCL | O_WRONLY, 0644);
        printf("%d", fd >= 0);
        close(fd);
    }
    puts("");
    int found = 0;
    DIR *dir = opendir(".");
    for (struct dirent *e; (e = readdir(dir));)
        for (int i = 0; i < 7; i++) found += strcmp(e->d_name, names[i]) == 0;
    printf("%d\n", found);
    longest[255] = 'n';
    longest[256] = 0;
    printf("%d", open(longest, O_CREAT | O_WRONLY, 0644));
    printf(" %d", errno == ENAMETOOLONG);
    path[0] = 0;
    for (int i = 0; i < 2400; i++) strcat(path, "./");
    printf(" %d", open(strcat(path, "hello.txt"), O_RDONLY));
    printf(" %d\n", errno == ENAMETOOLONG);
    for (int i = 0; i < 6; i++) printf("%d", unlink(names[i]));
    puts("");
    return 0;
}
