// Structures by value: arguments, results, copies, nesting, arrays within, flexible members.
//| -10 2 3 15 box!! 6
//| 1 box 1.5
//| 93 217
//| 2 4 20
//| 24
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { int x, y; };
struct box { struct point from, to; char name[12]; double weight; };
struct list { int count; struct point points[]; };

static struct box grow(struct box b, int by) {
    b.from.x -= by;
    b.to.y += by;
    b.weight *= 2;
    strcat(b.name, "!");
    return b;
}

static struct point add(struct point a, struct point b) { return (struct point){a.x + b.x, a.y + b.y}; }

int main(void) {
    struct box b = {.from = {1, 2}, .to = {.y = 4, .x = 3}, .name = "box", .weight = 1.5};
    struct box c = grow(grow(b, 1), 10);
    printf("%d %d %d %d %s %g\n", c.from.x, c.from.y, c.to.x, c.to.y, c.name, c.weight);
    printf("%d %s %g\n", b.from.x, b.name, b.weight);
    struct point sum = add(c.from, add(c.to, (struct point){100, 200}));
    printf("%d %d\n", sum.x, sum.y);
    struct list *list = malloc(sizeof *list + 3 * sizeof(struct point));
    list->count = 3;
    for (int i = 0; i < 3; i++) list->points[i] = (struct point){i, i * i};
    struct point last = list->points[list->count - 1];
    printf("%d %d %d\n", last.x, last.y, (int)offsetof(struct list, points[2]));
    printf("%d\n", (int)sizeof(struct { char c; double d; short s; }));
    free(list);
    return 0;
}
