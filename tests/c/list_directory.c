// Listing: a thousand files once each, places that can be gone back to, types and numbers.
// dir: write
//| 1000 2 0 0
//| 1
//| 1002
//| 1 1
//| . .. inner.txt
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 1000 };
static char seen[FILES];

int main(void) {
    mkdir("many", 0755);
    char name[64];
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "many/file-with-a-longer-name-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    DIR *dir = opendir("many");
    int others = 0, twice = 0, wrong = 0;
    long place = 0;
    char at_place[256] = "";
    for (struct dirent *e; (e = readdir(dir));) {
        int i;
        if (at_place[0] == '?') strcpy(at_place, e->d_name);
        if (sscanf(e->d_name, "file-with-a-longer-name-%d", &i) == 1) {
            twice += seen[i]++;
            wrong += e->d_type != DT_REG;
        } else {
            others += e->d_name[0] == '.' && e->d_type == DT_DIR;
        }
        if (others + twice >= 0 && place == 0 && i > 500) {
            place = telldir(dir);
            strcpy(at_place, "?");
        }
    }
    int all = 0;
    for (int i = 0; i < FILES; i++) all += seen[i];
    printf("%d %d %d %d\n", all, others, twice, wrong);
    seekdir(dir, place);
    struct dirent *e = readdir(dir);
    printf("%d\n", e && strcmp(e->d_name, at_place) == 0);
    rewinddir(dir);
    int again = 0;
    while (readdir(dir)) again++;
    printf("%d\n", again);
    closedir(dir);
    printf("%d %d\n", opendir("hello.txt") == NULL, opendir("missing") == NULL);
    struct dirent **list;
    int n = scandir("sub", &list, NULL, alphasort);
    for (int i = 0; i < n; i++) printf("%s%c", list[i]->d_name, i + 1 < n ? ' ' : '\n');
    return 0;
}
