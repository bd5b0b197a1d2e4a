// qsort and bsearch, with elements of several sizes, and a million numbers.
//| bob cat amy dan eve
//| kiwi at 3
//| 0 1123 4294959038
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record { char name[7]; int age; };

static int by_age(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    return x->age != y->age ? (x->age > y->age) - (x->age < y->age) : strcmp(x->name, y->name);
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(void) {
    struct record people[] = {{"eve", 40}, {"bob", 25}, {"dan", 40}, {"amy", 31}, {"cat", 25}};
    qsort(people, 5, sizeof *people, by_age);
    for (int i = 0; i < 5; i++) printf("%s%c", people[i].name, i < 4 ? ' ' : '\n');
    const char *words[] = {"pear", "fig", "apple", "kiwi", "date"};
    qsort(words, 5, sizeof *words, by_text);
    const char *key = "kiwi";
    const char **found = bsearch(&key, words, 5, sizeof *words, by_text);
    printf("%s at %d\n", *found, (int)(found - words));
    enum { N = 1000000 };
    uint32_t *numbers = malloc(N * sizeof *numbers), seed = 1, wrong = 0;
    for (int i = 0; i < N; i++) numbers[i] = seed = seed * 1664525 + 1013904223;
    qsort(numbers, N, sizeof *numbers, by_number);
    for (int i = 1; i < N; i++) wrong += numbers[i - 1] > numbers[i];
    printf("%u %u %u\n", wrong, numbers[0], numbers[N - 1]);
    return 0;
}
