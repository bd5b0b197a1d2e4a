// Classes of characters, numbers from text and their errors.
//| 52 10 6 32 95 33 Qq
//| -42 abc
//| 1295 31 511
//| 9223372036854775807 1
//| 12 1500
//| -3 -1 5
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int counts[6] = {0};
    for (int c = 0; c < 256; c++) {
        counts[0] += !!isalpha(c);
        counts[1] += !!isdigit(c);
        counts[2] += !!isspace(c);
        counts[3] += !!ispunct(c);
        counts[4] += !!isprint(c);
        counts[5] += !!iscntrl(c);
    }
    for (int i = 0; i < 6; i++) printf("%d ", counts[i]);
    printf("%c%c\n", toupper('q'), tolower('Q'));
    char *end;
    printf("%ld ", strtol("  -42abc", &end, 10));
    printf("%s\n", end);
    printf("%ld %ld %ld\n", strtol("zz", NULL, 36), strtol("0x1f", NULL, 0), strtol("0777", NULL, 0));
    errno = 0;
    long long limit = strtoll("99999999999999999999", NULL, 10);
    printf("%lld %d\n", limit, errno == ERANGE);
    printf("%d %g\n", atoi("12monkeys"), atof("1.5e3xyz"));
    div_t d = div(-7, 2);
    printf("%d %d %d\n", d.quot, d.rem, abs(-5));
    return 0;
}
