// The arguments: their number, their bytes, and the NULL behind them.
// args: plain|with space||--flag=ü
//| 5
//| [plain] 5
//| [with space] 10
//| [] 0
//| [--flag=ü] 9
//| 1
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    printf("%d\n", argc);
    for (int i = 1; i < argc; i++) printf("[%s] %d\n", argv[i], (int)strlen(argv[i]));
    printf("%d\n", argv[argc] == NULL);
    return 0;
}
