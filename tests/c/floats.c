// Floating point: special values, conversions, rounding, the exact text of doubles.
//| 1 1 1
//| 0.3 inf 1.11254e-308
//| 0.10000000000000001 0x1.999999999999ap-4
//| 4.94065645841246544177e-324
//| 2 -2 16777216
//| 0.2 0.3 -0.1 0 2
//| 3 2 -2
//| -1.5 -0.5
//| 12.000000 0.000000
//| 0.333333343 1.00000003
//| 1
//| 0.602783 11 512
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    volatile double zero = 0.0, one = 1.0;
    printf("%d %d %d\n", isnan(zero / zero), isinf(one / zero), signbit(-zero) != 0);
    printf("%g %g %g\n", 0.1 + 0.2, 1e308 * 10 * one, DBL_MIN / 2);
    printf("%.17g %a\n", 0.1, 0.1);
    printf("%.20e\n", 5e-324 * one);
    printf("%d %d %d\n", (int)2.9, (int)-2.9, (int)(float)16777217.0);
    printf("%.1f %.1f %.1f %.0f %.0f\n", 0.25, 0.35, -0.05, 0.5, 1.5);
    printf("%g %g %g\n", round(2.5), rint(2.5), trunc(-2.5));
    printf("%g %g\n", fmod(-7.5, 2), remainder(7.5, 2));
    printf("%.6f %.6f\n", strtod("0x1.8p3", NULL), strtod("1e-7", NULL));
    float single = 1.0f / 3;
    printf("%.9g %.9g\n", single, (double)single * 3);
    printf("%d\n", nextafter(1, 2) - 1 == DBL_EPSILON);
    int exponent;
    double mantissa = frexp(1234.5, &exponent);
    printf("%g %d %g\n", mantissa, exponent, ldexp(0.5, 10));
    return 0;
}
