// Huffman coding of a text and back, and runs of bytes: every bit has to be right.
//| 1 1 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node { int weight, symbol, child[2]; };
static struct node nodes[512];
static int count, root;
static char codes[256][64];

static void name(int n, char *prefix, int depth) {
    if (nodes[n].symbol >= 0) {
        prefix[depth] = 0;
        strcpy(codes[nodes[n].symbol], prefix);
        return;
    }
    for (int bit = 0; bit < 2; bit++) {
        prefix[depth] = (char)('0' + bit);
        name(nodes[n].child[bit], prefix, depth + 1);
    }
}

static void build(const unsigned char *text, int len) {
    int weights[256] = {0}, live[512], n = 0;
    for (int i = 0; i < len; i++) weights[text[i]]++;
    for (int s = 0; s < 256; s++)
        if (weights[s]) {
            nodes[count] = (struct node){weights[s], s, {0, 0}};
            live[n++] = count++;
        }
    while (n > 1) {
        for (int k = 0; k < 2; k++)
            for (int i = 0; i < n - 1 - k; i++)
                if (nodes[live[i]].weight < nodes[live[i + 1]].weight) {
                    int t = live[i];
                    live[i] = live[i + 1];
                    live[i + 1] = t;
                }
        int a = live[n - 1], b = live[n - 2];
        nodes[count] = (struct node){nodes[a].weight + nodes[b].weight, -1, {a, b}};
        live[--n - 1] = count++;
    }
    root = live[0];
    char prefix[64];
    name(root, prefix, 0);
}

int main(void) {
    enum { LEN = 40000 };
    static unsigned char text[LEN], packed[LEN], back[LEN];
    unsigned seed = 7;
    for (int i = 0; i < LEN; i++) {
        seed = seed * 1103515245 + 12345;
        unsigned r = seed >> 16 & 1023;
        text[i] = (unsigned char)('a' + (r < 512 ? 0 : r < 768 ? 1 : r < 900 ? 2 : r % 24));
    }
    build(text, LEN);
    int bits = 0;
    for (int i = 0; i < LEN; i++)
        for (const char *c = codes[text[i]]; *c; c++, bits++) packed[bits / 8] |= (unsigned char)((*c & 1) << bits % 8);
    for (int i = 0, bit = 0; i < LEN; i++) {
        int n = root;
        while (nodes[n].symbol < 0) {
            n = nodes[n].child[packed[bit / 8] >> bit % 8 & 1];
            bit++;
        }
        back[i] = (unsigned char)nodes[n].symbol;
    }
    printf("%d %d %d\n", memcmp(text, back, LEN) == 0, (int)strlen(codes['a']), bits / 8 < LEN / 2);
    return 0;
}
