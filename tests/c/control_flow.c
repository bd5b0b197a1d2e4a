// switch with holes and fall-through, Duff's device, goto out of loops, computed goto, the comma, short circuits.
//| minus one, even, other, even, a million, negative
//| duff's device
//| 6 7
//| 21
//| 1 1
//| 01245
#include <stdio.h>

static const char *name(int n) {
    switch (n) {
    case -1: return "minus one";
    case 0: case 2: case 4: return "even";
    case 1000000: return "a million";
    default: return n < 0 ? "negative" : "other";
    }
}

static void copy(char *to, const char *from, int n) {
    int rounds = (n + 3) / 4;
    switch (n % 4) {
    case 0: do { *to++ = *from++; __attribute__((fallthrough));
    case 3: *to++ = *from++; __attribute__((fallthrough));
    case 2: *to++ = *from++; __attribute__((fallthrough));
    case 1: *to++ = *from++;
        } while (--rounds > 0);
    }
}

static int run(const char *program) {
    static void *labels[] = {&&push, &&add, &&dup, &&halt};
    int stack[16], top = 0;
next:
    goto *labels[(int)*program++];
push: stack[top++] = *program++; goto next;
add: top--; stack[top - 1] += stack[top]; goto next;
dup: stack[top] = stack[top - 1]; top++; goto next;
halt: return stack[0];
}

static int calls;
static int yes(void) { return ++calls; }

int main(void) {
    int samples[] = {-1, 0, 1, 4, 1000000, -9};
    for (int i = 0; i < 6; i++) printf("%s%s", name(samples[i]), i < 5 ? ", " : "\n");
    char text[16] = {0};
    copy(text, "duff's device", 13);
    puts(text);
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++)
            if (i * j == 42) {
                printf("%d %d\n", i, j);
                goto out;
            }
out:
    printf("%d\n", run("\0\5\2\1\2\1\0\1\1\3"));
    int ignored = (0 && yes()) + (1 || yes()) + (yes(), 0);
    printf("%d %d\n", ignored, calls);
    int n = 0;
    do {
        if (n == 3) continue;
        if (n > 5) break;
        printf("%d", n);
    } while (n++ < 100);
    puts("");
    return 0;
}
