// Dijkstra's shortest paths with a binary heap, checked against the slow way; words at a distance.
//| 0
//| 3 3 0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 300, FAR = 1 << 29 };
static int edge[N][N], quick[N], slow[N];
static struct { int at, distance; } heap[N * N];

static void dijkstra(void) {
    for (int i = 0; i < N; i++) quick[i] = FAR;
    int size = 1;
    heap[0].at = quick[0] = heap[0].distance = 0;
    while (size) {
        int at = heap[0].at, distance = heap[0].distance;
        heap[0] = heap[--size];
        for (int i = 0, c; (c = 2 * i + 1) < size; i = c) {
            c += c + 1 < size && heap[c + 1].distance < heap[c].distance;
            if (heap[i].distance <= heap[c].distance) break;
            typeof(*heap) t = heap[i];
            heap[i] = heap[c];
            heap[c] = t;
        }
        if (distance > quick[at]) continue;
        for (int to = 0; to < N; to++) {
            if (!edge[at][to] || distance + edge[at][to] >= quick[to]) continue;
            int i = size++;
            heap[i].at = to;
            heap[i].distance = quick[to] = distance + edge[at][to];
            for (; i && heap[(i - 1) / 2].distance > heap[i].distance; i = (i - 1) / 2) {
                typeof(*heap) t = heap[i];
                heap[i] = heap[(i - 1) / 2];
                heap[(i - 1) / 2] = t;
            }
        }
    }
}

static int distance(const char *a, const char *b) {
    int row[64];
    int n = (int)strlen(b);
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

int main(void) {
    unsigned seed = 5;
    for (int i = 0; i < N * 8; i++) {
        seed = seed * 1664525 + 1013904223;
        edge[(seed >> 8) % N][(seed >> 17) % N] = 1 + (int)(seed >> 5) % 1000;
    }
    dijkstra();
    for (int i = 1; i < N; i++) slow[i] = FAR;
    for (int round = 0; round < N; round++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (edge[i][j] && slow[i] + edge[i][j] < slow[j]) slow[j] = slow[i] + edge[i][j];
    printf("%d\n", memcmp(quick, slow, sizeof slow));
    printf("%d %d %d\n", distance("kitten", "sitting"), distance("", "abc"), distance("same", "same"));
    return 0;
}
