// Pointers: arithmetic, arrays of arrays, variable lengths, pointers to pointers, const views.
//| 164 6 5
//| right left d
//| 2:0.5 4:1.5 6:2.5 
//| 5 5 3 2
//| 11 4
#include <stdio.h>

static int sum(int rows, int columns, int table[rows][columns]) {
    int total = 0;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) total += table[r][c] * (r + 1);
    return total;
}

static void swap(const char **a, const char **b) {
    const char *t = *a;
    *a = *b;
    *b = t;
}

int main(void) {
    int table[3][4];
    int *flat = &table[0][0];
    for (int i = 0; i < 12; i++) *flat++ = i;
    printf("%d %d %d\n", sum(3, 4, table), *(*(table + 1) + 2), (int)(&table[2][0] - &table[0][3]));
    const char *first = "left", *second = "right";
    swap(&first, &second);
    printf("%s %s %c\n", first, second, 3 ["abcd"]);
    for (int n = 1; n <= 3; n++) {
        double values[n * 2];
        for (int i = 0; i < n * 2; i++) values[i] = i / 2.0;
        printf("%d:%g ", (int)(sizeof values / sizeof *values), values[n * 2 - 1]);
    }
    puts("");
    int numbers[] = {5, 4, 3, 2, 1}, *p = numbers;
    printf("%d ", *p++);
    printf("%d ", ++*p);
    ++p;
    printf("%d %d\n", *p, (int)(p - numbers));
    int (*rows)[4] = table;
    printf("%d ", rows[2][3]);
    printf("%d\n", (*++rows)[0]);
    return 0;
}
