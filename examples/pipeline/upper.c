/* The second stage, in C, and a hostile one: it tries what it must not, says how often it was refused, and only then does its work, which is
 * to make capital letters of small ones. */
#include "b8g.h"

#define PIECE 65536u

static uint8_t piece[PIECE];

static size_t length(const char *text) {
    size_t len = 0;
    while (text[len]) {
        len++;
    }
    return len;
}

/* Counts what was tried and what was refused. */
static unsigned tried, refused;

static void try(int64_t answer) {
    tried++;
    refused += answer < 0;
}

static void misbehave(void) {
    b8g_handle files = b8g_given(B8G_ROLE_FILES, 0), net = b8g_given(B8G_ROLE_NET, 0);
    struct b8g_ends ends;

    try(b8g_open(files, "/etc/passwd", 11, 0, B8G_RIGHT_READ));
    try(b8g_open(files, "../../secret", 12, B8G_OPEN_CREATE, B8G_RIGHT_WRITE));
    try(b8g_open(net, "example.com:443", 15, 0, B8G_RIGHT_READ | B8G_RIGHT_WRITE));
    /* Memory that is not there, and lengths that nobody has. */
    try(b8g_call(B8G_OP_READ, b8g_given(B8G_ROLE_STDIN, 0), 0x7fffffffffffffff, 1 << 20, -1, 0));
    try(b8g_call(B8G_OP_WRITE, b8g_given(B8G_ROLE_STDOUT, 0), 0xfffffff0, 1 << 20, -1, 0));
    /* Handles that it was never given. */
    for (b8g_handle guess = 1000; guess < 2000; guess++) {
        try(b8g_close(guess));
    }
    /* A window over what is no shared memory, more rights than it has, and no end of channels. */
    try(b8g_map(b8g_given(B8G_ROLE_STDIN, 0), piece, 0, PIECE));
    try(b8g_dup(b8g_given(B8G_ROLE_ARGS, 0), B8G_RIGHT_WRITE));
    for (int i = 0; i < 1000; i++) {
        int64_t made = b8g_channel(&ends);
        if (made < 0) {
            try(made);
            break;
        }
    }
}

static void say(const char *text, unsigned number) {
    char digits[12];
    size_t at = sizeof digits;
    b8g_handle err = b8g_given(B8G_ROLE_STDERR, 0);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    b8g_write(err, text, length(text), -1);
    b8g_write(err, digits + at, sizeof digits - at, -1);
}

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    b8g_handle in = b8g_given(B8G_ROLE_STDIN, 0), out = b8g_given(B8G_ROLE_STDOUT, 0);

    (void)shared, (void)shared_len, (void)own, (void)own_len;
    misbehave();
    say("upper: tried ", tried);
    say(", refused ", refused);
    b8g_write(b8g_given(B8G_ROLE_STDERR, 0), "\n", 1, -1);
    for (;;) {
        int64_t n = b8g_read(in, piece, sizeof piece, -1);
        if (n == B8G_ERROR_AGAIN) {
            b8g_wait_for(in, B8G_READY_READ, -1);
            continue;
        }
        if (n <= 0) {
            return (int32_t)n;
        }
        for (int64_t i = 0; i < n; i++) {
            piece[i] = (uint8_t)(piece[i] - (piece[i] >= 'a' && piece[i] <= 'z' ? 32 : 0));
        }
        for (int64_t done = 0; done < n;) {
            int64_t written = b8g_write(out, piece + done, (size_t)(n - done), -1);
            if (written < 0) {
                return (int32_t)written;
            }
            done += written;
        }
    }
}
