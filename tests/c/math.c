// The mathematical library.
//| 0.8414709848 0.5403023059 1.5574077247
//| 0.5235987756 1.0471975512 -2.3561944902
//| 2.7182818285 2.3025850930 1.4142135624
//| 1.1752011936 1.5430806348 0.7615941560
//| 3.0000000000 5.0000000000 20.0000000000
//| 52.3427777846 12.8018274801 0.5204998778
//| -2.0000 -1.0000
//| -1.000000 0.000000
//| 3.1415831043
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
