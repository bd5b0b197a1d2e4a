// An interpreter for a small language of eight instructions, running a program that somebody could have written.
//| Hello World!
//| 906
#include <stdio.h>
#include <string.h>

static const char *program =
    "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++.";

static int run(const char *code) {
    static unsigned char tape[30000];
    int at = 0, steps = 0, match[256], stack[64], top = 0;
    int len = (int)strlen(code);
    for (int i = 0; i < len; i++) {
        if (code[i] == '[') stack[top++] = i;
        if (code[i] == ']') {
            match[i] = stack[--top];
            match[match[i]] = i;
        }
    }
    for (int i = 0; i < len; i++, steps++) switch (code[i]) {
        case '>': at++; break;
        case '<': at--; break;
        case '+': tape[at]++; break;
        case '-': tape[at]--; break;
        case '.': putchar(tape[at]); break;
        case '[': if (!tape[at]) i = match[i]; break;
        case ']': if (tape[at]) i = match[i]; break;
        }
    return steps;
}

int main(void) {
    printf("%d\n", run(program));
    return 0;
}
