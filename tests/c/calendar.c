// Dates from seconds and back, and as text.
//| 1970-01-01 00:00:00 Thu 001 1
//| 2000-02-29 00:00:00 Tue 060 1
//| 2024-02-29 23:59:59 Thu 060 1
//| 2100-01-01 00:00:00 Fri 001 1
//| 1969-12-31 00:00:00 Wed 365 1
//| Sat Mar  8 01:00:00 2025
//| 1741395600
//| 131 6 6 0
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(void) {
    time_t samples[] = {0, 951782400, 1709251199, 4102444800, -86400};
    for (int i = 0; i < 5; i++) {
        struct tm tm;
        char text[64];
        gmtime_r(&samples[i], &tm);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j", &tm);
        printf("%s %d\n", text, timegm(&tm) == samples[i]);
    }
    struct tm tm = {.tm_year = 124, .tm_mon = 13, .tm_mday = 35, .tm_hour = 25};
    time_t t = mktime(&tm);
    printf("%s%.0f\n", asctime(&tm), difftime(t, 0));
    memset(&tm, 0, sizeof tm);
    const char *rest = strptime("2031-07-04 05:06", "%Y-%m-%d %H:%M", &tm);
    printf("%d %d %d %d\n", tm.tm_year, tm.tm_mon, tm.tm_min, *rest);
    return 0;
}
