// Standard input that was not granted is at its end at once.
// stdin-absent: yes
//| -1 1 0
#include <stdio.h>
#include <unistd.h>

int main(void) {
    char byte;
    printf("%d %d %d\n", getchar(), feof(stdin) != 0, (int)read(0, &byte, 1));
    return 0;
}
