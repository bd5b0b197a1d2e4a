// Environment values: those that were granted and no others, and changes that stay within.
// env: FIRST=one|EMPTY=|WITH=a=b
//| 3 one [] a=b
//| 1 1
//| changed value 1
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(void) {
    int count = 0;
    while (environ[count]) count++;
    printf("%d %s [%s] %s\n", count, getenv("FIRST"), getenv("EMPTY"), getenv("WITH"));
    printf("%d %d\n", getenv("PATH") == NULL, getenv("HOME") == NULL);
    setenv("FIRST", "changed", 1);
    setenv("NEW", "value", 0);
    unsetenv("EMPTY");
    printf("%s %s %d\n", getenv("FIRST"), getenv("NEW"), getenv("EMPTY") == NULL);
    return 0;
}
