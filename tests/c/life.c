// A glider that walks over the edges of its world, and text made of a fractal.
//| 48
//|                 ......++#...         |
//|              ......+++##++....       |
//|         ........++##########+...     |
//|   ......++####++#############+..     |
//|  ###########################+....    |
//|   ......++####++#############+..     |
//|         ........++##########+...     |
//|              ......+++##++....       |
//|                 ......++#...         |
#include <stdio.h>
#include <string.h>

enum { SIZE = 12 };

static void step(char world[SIZE][SIZE]) {
    char next[SIZE][SIZE];
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            int n = 0;
            for (int d = 0; d < 9; d++)
                n += d != 4 && world[(y + d / 3 + SIZE - 1) % SIZE][(x + d % 3 + SIZE - 1) % SIZE];
            next[y][x] = n == 3 || (n == 2 && world[y][x]);
        }
    memcpy(world, next, sizeof next);
}

int main(void) {
    char world[SIZE][SIZE] = {{0}}, start[SIZE][SIZE];
    world[0][1] = world[1][2] = world[2][0] = world[2][1] = world[2][2] = 1;
    memcpy(start, world, sizeof world);
    int period = 0;
    do step(world); while (++period < 1000 && memcmp(world, start, sizeof world));
    printf("%d\n", period);
    for (int row = -8; row <= 8; row += 2) {
        for (int column = -24; column <= 12; column++) {
            double cr = column / 12.0, ci = row / 8.0, r = 0, i = 0;
            int n = 0;
            while (n < 50 && r * r + i * i < 4) {
                double t = r * r - i * i + cr;
                i = 2 * r * i + ci;
                r = t;
                n++;
            }
            putchar(n == 50 ? '#' : n > 6 ? '+' : n > 3 ? '.' : ' ');
        }
        puts("|");
    }
    return 0;
}
