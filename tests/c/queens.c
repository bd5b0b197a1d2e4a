// Backtracking: queens on a board, a sudoku.
//| 1 0 0 2 10 4 40 92 352 
//| 1
//| 534678912
//| 672195348
//| 198342567
//| 859761423
//| 426853791
//| 713924856
//| 961537284
//| 287419635
//| 345286179
#include <stdio.h>

static int place(int n, unsigned columns, unsigned left, unsigned right) {
    unsigned all = (1u << n) - 1, free = all & ~(columns | left | right);
    if (columns == all) return 1;
    int found = 0;
    while (free) {
        unsigned bit = free & -free;
        free ^= bit;
        found += place(n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

static char board[] = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";

static int allowed(int at, char digit) {
    for (int i = 0; i < 9; i++) {
        int box = at / 27 * 27 + at % 9 / 3 * 3 + i / 3 * 9 + i % 3;
        if (board[at / 9 * 9 + i] == digit || board[i * 9 + at % 9] == digit || board[box] == digit) return 0;
    }
    return 1;
}

static int solve(int at) {
    while (at < 81 && board[at] != '.') at++;
    if (at == 81) return 1;
    for (char digit = '1'; digit <= '9'; digit++) {
        if (!allowed(at, digit)) continue;
        board[at] = digit;
        if (solve(at + 1)) return 1;
    }
    board[at] = '.';
    return 0;
}

int main(void) {
    for (int n = 1; n <= 9; n++) printf("%d ", place(n, 0, 0, 0));
    printf("\n%d\n", solve(0));
    for (int i = 0; i < 81; i += 9) printf("%.9s\n", board + i);
    return 0;
}
