// printf's formats, flags, widths and precisions.
//| [   42][42   ][00042][+42][ 42]
//| [ff][0XFF][10][010][0000beef]
//| [text][     right][left      ][cu]
//| [x][    y][%]
//| [3.141590][3.14][     3.142][3.1       ][+3]
//| [1.234568e+04][1.200E-04][1e+20][1E-10][100000]
//| [44][4464][-5][-1]
//| [18446744073709551615][1][-3]
//| [     7][7     ][1.50]
//| count
//| 5 6
//| [][  007][00ff    ]
//| first second
//| [0x1.8p+0][0x1.80p+1]
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
    printf("[%5d][%-5d][%05d][%+d][% d]\n", 42, 42, 42, 42, 42);
    printf("[%x][%#X][%o][%#o][%08x]\n", 255, 255, 8, 8, 0xbeef);
    printf("[%s][%10s][%-10s][%.2s]\n", "text", "right", "left", "cut");
    printf("[%c][%5c][%%]\n", 'x', 'y');
    printf("[%f][%.2f][%10.3f][%-10.1f][%+.0f]\n", 3.14159, 3.14159, 3.14159, 3.14159, 3.14159);
    printf("[%e][%.3E][%g][%G][%g]\n", 12345.678, 0.00012, 1e20, 1e-10, 100000.0);
    printf("[%hhd][%hd][%ld][%lld]\n", 300, 70000, -5l, -1ll);
    printf("[%ju][%zu][%td]\n", (uintmax_t)UINT64_MAX, sizeof(char), (ptrdiff_t)-3);
    printf("[%*d][%-*d][%.*f]\n", 6, 7, 6, 7, 2, 1.5);
    int written;
    printf("count%n\n", &written);
    printf("%d %d\n", written, snprintf(NULL, 0, "%d", 123456));
    printf("[%.0d][%5.3d][%-8.4x]\n", 0, 7, 255);
    printf("%2$s %1$s\n", "second", "first");
    printf("[%a][%.2a]\n", 1.5, 3.0);
    return 0;
}
