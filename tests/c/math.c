// The mathematical library.
#include <complex.h>
#include <math.h>
#include <stdio.h>

int main(void) {
    printf("%.10f %.10f %.10f\n", sin(1), cos(1), tan(1));
    printf("%.10f %.10f %.10f\n", asin(0.5), acos(0.5), atan2(-1, -1));
    printf("%.10f %.10f %.10f\n", exp(1), log(10), pow(2, 0.5));
    printf("%.10f %.10f %.10f\n", sinh(1), cosh(1), tanh(1));
    printf("%.10f %.10f %.10f\n", cbrt(27), hypot(3, 4), log2(1 << 20));
    printf("%.10f %.10f %.10f\n", tgamma(5.5), lgamma(10), erf(0.5));
    printf("%.4f %.4f\n", floor(-1.5), ceil(-1.5));
    double complex z = cexp(I * M_PI);
    printf("%.6f %.6f\n", creal(z), fabs(cimag(z)));
    double sum = 0;
    for (int i = 1; i <= 100000; i++) sum += 1.0 / ((double)i * i);
    printf("%.10f\n", sqrt(sum * 6));
    return 0;
}
