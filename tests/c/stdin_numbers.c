// scanf from standard input until its end.
// stdin: 3 4\n5\n-2\t100 x 7\n
//| 5 110 0 2 x 7 -1
#include <stdio.h>

int main(void) {
    int n, sum = 0, count = 0, got;
    while ((got = scanf("%d", &n)) == 1) {
        sum += n;
        count++;
    }
    char word[8];
    printf("%d %d %d ", count, sum, got);
    printf("%d", scanf("%7s%d", word, &n));
    printf(" %s %d", word, n);
    printf(" %d\n", scanf("%d", &n));
    return 0;
}
