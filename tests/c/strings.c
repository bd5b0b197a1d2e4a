// The functions of string.h.
//| [one][two][three]
//| ababcdefij
//| bcdefdefij
//| in hay .b.c .c
//| 1 0 1
//| 4 5
//| xyz-end
//| 1 4
//|  the space
//| Copied
//| ========== 2
//| No such file or directory
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    char buffer[64] = "one,two,,three";
    for (char *word = strtok(buffer, ","); word; word = strtok(NULL, ",")) printf("[%s]", word);
    puts("");
    char text[] = "abcdefghij";
    memmove(text + 2, text, 6);
    puts(text);
    memmove(text, text + 3, 5);
    puts(text);
    printf("%s %s %s\n", strstr("needle in hay", "in"), strchr("a.b.c", '.'), strrchr("a.b.c", '.'));
    printf("%d %d %d\n", strcmp("a", "b") < 0, strncmp("abcd", "abxx", 2), strcmp("\xff", "a") > 0);
    printf("%d %d\n", (int)strspn("aabbc", "ab"), (int)strcspn("hello, world", ",!"));
    char cut[4];
    strncpy(cut, "xyz123", 3);
    cut[3] = 0;
    puts(strcat(strcpy(buffer, cut), "-end"));
    printf("%d %d\n", memcmp("ab\0c", "ab\0d", 4) < 0, (int)strlen("with\0nul"));
    puts(strpbrk("find the space", " e"));
    char *copy = strdup("copied");
    copy[0] = 'C';
    puts(copy);
    memset(buffer, '=', 10);
    printf("%.10s %d\n", buffer, (int)strnlen("abc", 2));
    printf("%s\n", strerror(ENOENT));
    return 0;
}
