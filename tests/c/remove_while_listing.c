// Removing what is listed, while it is listed, leaves nothing behind.
// dir: write
//| 1006 -1
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_all(const char *path) {
    char below[512];
    int removed = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (e->d_type == DT_DIR) removed += remove_all(below);
        else removed += unlink(below) == 0;
    }
    closedir(dir);
    return removed + (rmdir(path) == 0);
}

int main(void) {
    char name[64];
    mkdir("tree", 0755);
    for (int d = 0; d < 5; d++) {
        snprintf(name, sizeof name, "tree/d%d", d);
        mkdir(name, 0755);
        for (int f = 0; f < 200; f++) {
            snprintf(name, sizeof name, "tree/d%d/a file with a name of some length %d", d, f);
            close(open(name, O_CREAT | O_WRONLY, 0644));
        }
    }
    printf("%d", remove_all("tree"));
    printf(" %d\n", access("tree", F_OK));
    return 0;
}
