// Matrices: a product, an inverse by elimination, a determinant with integers.
//| 1
//| 1
//| 630
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 64 };
static double a[N][N], b[N][N], c[N][N];

static int invert(double m[N][N], double out[N][N]) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) out[i][j] = i == j;
    for (int i = 0; i < N; i++) {
        int pivot = i;
        for (int r = i; r < N; r++)
            if (fabs(m[r][i]) > fabs(m[pivot][i])) pivot = r;
        if (m[pivot][i] == 0) return 0;
        for (int j = 0; j < N; j++) {
            double t = m[i][j];
            m[i][j] = m[pivot][j];
            m[pivot][j] = t;
            t = out[i][j];
            out[i][j] = out[pivot][j];
            out[pivot][j] = t;
        }
        double by = m[i][i];
        for (int j = 0; j < N; j++) m[i][j] /= by, out[i][j] /= by;
        for (int r = 0; r < N; r++) {
            double f = m[r][i];
            if (r == i || f == 0) continue;
            for (int j = 0; j < N; j++) m[r][j] -= f * m[i][j], out[r][j] -= f * out[i][j];
        }
    }
    return 1;
}

static long long determinant(int n, long long m[4][4]) {
    if (n == 1) return m[0][0];
    long long d = 0;
    for (int skip = 0; skip < n; skip++) {
        long long minor[4][4];
        for (int r = 1; r < n; r++)
            for (int s = 0, k = 0; s < n; s++)
                if (s != skip) minor[r - 1][k++] = m[r][s];
        d += (skip % 2 ? -1 : 1) * m[0][skip] * determinant(n - 1, minor);
    }
    return d;
}

int main(void) {
    static double copy[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) copy[i][j] = a[i][j] = sin(i * 7 + j * 3) + (i == j) * 8;
    printf("%d\n", invert(copy, b));
    double worst = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            for (int k = 0; k < N; k++) c[i][j] += a[i][k] * b[k][j];
            worst = fmax(worst, fabs(c[i][j] - (i == j)));
        }
    printf("%d\n", worst < 1e-12);
    long long m[4][4] = {{2, 0, 1, 3}, {-1, 4, 2, 1}, {3, 5, -2, 0}, {1, 1, 7, -3}};
    printf("%lld\n", determinant(4, m));
    return 0;
}
