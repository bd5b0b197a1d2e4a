// Memory that cannot be had is refused with NULL, and the program goes on.
// memory: 24
//| 1 1 1
//| 1
//| 1
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    volatile size_t huge = 3u << 30, most = SIZE_MAX;
    /* Volatile: a compiler may assume that what nobody uses can be had. */
    void *volatile p = malloc(huge);
    printf("%d %d", p == NULL, errno == ENOMEM);
    p = calloc(most / 2, 4);
    printf(" %d\n", p == NULL);
    int blocks = 0;
    void *last = NULL;
    for (void **p; (p = malloc(1 << 16)); last = p, blocks++) *p = last;
    printf("%d\n", blocks > 50 && blocks < 128);
    while (last) {
        void *next = *(void **)last;
        free(last);
        last = next;
    }
    p = malloc(1 << 16);
    printf("%d\n", p != NULL);
    return 0;
}
