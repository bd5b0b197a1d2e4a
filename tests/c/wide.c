// Wide and multibyte characters: UTF-8 in and out.
//| 5: 61 e4 20ac 1d11e 21
//| 11 0
//| wïde|    x|
//| -1 -2
//| 4 1
//| c4
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

int main(void) {
    setlocale(LC_ALL, "C.UTF-8");
    const char *text = "a\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e!";
    wchar_t wide[16];
    size_t n = mbstowcs(wide, text, 16);
    printf("%d:", (int)n);
    for (size_t i = 0; i < n; i++) printf(" %x", (unsigned)wide[i]);
    puts("");
    char back[32];
    printf("%d ", (int)wcstombs(back, wide, sizeof back));
    printf("%d\n", strcmp(back, text));
    printf("%ls|%5lc|\n", L"w\u00efde", L'x');
    mbstate_t state;
    memset(&state, 0, sizeof state);
    wchar_t one;
    printf("%d %d\n", (int)mbrtowc(&one, "\xff", 1, &state), (int)mbrlen("\xe2\x82", 2, NULL));
    printf("%d %d\n", (int)wcslen(L"four"), wcscmp(L"a", L"b") < 0);
    printf("%x\n", (unsigned)towupper(0xe4));
    return 0;
}
