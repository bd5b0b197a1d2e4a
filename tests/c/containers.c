// A list that is reversed, a tree that is balanced by chance, a hash table that grows; all freed again.
//| 0 1 4 9 16 25 36 49 64 81
//| 1 1 20000
//| 5000 75102 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; int value; };

static struct node *push(struct node *list, int value) {
    struct node *n = malloc(sizeof *n);
    *n = (struct node){list, value};
    return n;
}

static struct node *reverse(struct node *list) {
    struct node *out = NULL;
    while (list) {
        struct node *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

struct tree { struct tree *child[2]; uint32_t key, priority; };

static struct tree *insert(struct tree *t, uint32_t key, uint32_t priority) {
    if (!t) {
        t = calloc(1, sizeof *t);
        t->key = key;
        t->priority = priority;
        return t;
    }
    if (t->key == key) return t;
    int side = key > t->key;
    t->child[side] = insert(t->child[side], key, priority);
    struct tree *c = t->child[side];
    if (c->priority <= t->priority) return t;
    t->child[side] = c->child[!side];
    c->child[!side] = t;
    return c;
}

static int depth(const struct tree *t) {
    if (!t) return 0;
    int a = depth(t->child[0]), b = depth(t->child[1]);
    return 1 + (a > b ? a : b);
}

static int in_order(const struct tree *t, uint32_t *last) {
    if (!t) return 1;
    int left = in_order(t->child[0], last), here = *last < t->key;
    *last = t->key;
    return left && here && in_order(t->child[1], last);
}

static int release(struct tree *t) {
    if (!t) return 0;
    int n = release(t->child[0]) + release(t->child[1]);
    free(t);
    return n + 1;
}

struct table { char **keys; int *values; size_t room, used; };

static size_t slot(const struct table *t, const char *key) {
    uint32_t hash = 2166136261u;
    for (const char *p = key; *p; p++) hash = (hash ^ (uint8_t)*p) * 16777619;
    size_t i = hash & (t->room - 1);
    while (t->keys[i] && strcmp(t->keys[i], key)) i = (i + 1) & (t->room - 1);
    return i;
}

static void count(struct table *t, const char *key, int by) {
    if (t->used * 2 >= t->room) {
        struct table larger = {NULL, NULL, t->room ? t->room * 2 : 8, t->used};
        larger.keys = calloc(larger.room, sizeof *larger.keys);
        larger.values = calloc(larger.room, sizeof *larger.values);
        for (size_t i = 0; i < t->room; i++)
            if (t->keys[i]) {
                size_t j = slot(&larger, t->keys[i]);
                larger.keys[j] = t->keys[i];
                larger.values[j] = t->values[i];
            }
        free(t->keys);
        free(t->values);
        *t = larger;
    }
    size_t i = slot(t, key);
    if (!t->keys[i]) {
        t->keys[i] = strdup(key);
        t->used++;
    }
    t->values[i] += by;
}

int main(void) {
    struct node *list = NULL;
    for (int i = 0; i < 10; i++) list = push(list, i * i);
    list = reverse(list);
    while (list) {
        struct node *next = list->next;
        printf("%d%c", list->value, next ? ' ' : '\n');
        free(list);
        list = next;
    }
    struct tree *root = NULL;
    uint32_t seed = 42, last = 0;
    for (uint32_t i = 1; i <= 20000; i++) root = insert(root, i, seed = seed * 1664525 + 1013904223);
    int deep = depth(root), ordered = in_order(root, &last);
    printf("%d %d %d\n", deep < 60, ordered, release(root));
    struct table t = {0};
    char key[16];
    for (int i = 0; i < 30000; i++) {
        snprintf(key, sizeof key, "key%d", i % 5000);
        count(&t, key, i);
    }
    printf("%d %d %d\n", (int)t.used, t.values[slot(&t, "key17")], t.keys[slot(&t, "nokey")] == NULL);
    return 0;
}
