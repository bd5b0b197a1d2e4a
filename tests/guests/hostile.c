/* Does to the engine, and to who shares a stream with it over its first channel, what it must not. Tells over its second one, a message each,
 * what was wrongly allowed, and "done" at its end. */
#include "b8g.h"

#define RING 65536u

static B8G_WINDOW uint8_t ring[RING];
static B8G_WINDOW uint8_t second[RING];
static b8g_handle channel, embedder;
static uint64_t seed = 88172645463325252u;

static uint64_t random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static size_t length(const char *text) {
    size_t len = 0;
    while (text[len]) {
        len++;
    }
    return len;
}

static void tell(const char *text) {
    b8g_send(embedder, text, length(text), NULL, 0);
}

static void expect(int64_t got, int64_t wanted, const char *what) {
    if (got != wanted) {
        tell(what);
    }
}

/* Offsets that leave memory, or would if somebody added without looking. */
static void wild_offsets(void) {
    const int64_t wild[] = {-1, INT64_MIN, INT64_MAX, 0xffffffff, 0x100000000, 0x7fffffff, (int64_t)sizeof ring << 40};
    b8g_handle clock = b8g_given(B8G_ROLE_CLOCK_MONO, 0);
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        expect(b8g_call(B8G_OP_READ, clock, wild[i], 8, -1, 0), B8G_ERROR_FAULT, "read to a wild offset");
        expect(b8g_call(B8G_OP_READ, clock, 8, wild[i], -1, 0), B8G_ERROR_FAULT, "read of a wild length");
        expect(b8g_call(B8G_OP_CHANNEL_NEW, 0, wild[i], 0, 0, 0), B8G_ERROR_FAULT, "channel to a wild offset");
        expect(b8g_call(B8G_OP_STREAM, 0, 1, RING, 0, wild[i]), B8G_ERROR_FAULT, "stream to a wild offset");
        expect(b8g_call(B8G_OP_SEND, channel, wild[i], 1, 0, 0), B8G_ERROR_FAULT, "send from a wild offset");
        expect(b8g_call(B8G_OP_SEND, channel, 0, 0, wild[i], 2), B8G_ERROR_FAULT, "send of handles from a wild offset");
        expect(b8g_call(B8G_OP_WAIT, 0, wild[i], 1, 0, 8), B8G_ERROR_FAULT, "wait for a wild offset");
        expect(b8g_call(B8G_OP_INFO, clock, wild[i], 16, 0, 0), B8G_ERROR_FAULT, "info to a wild offset");
    }
    expect(b8g_ctl(0, B8G_CTL_START, NULL, 0, (void *)0xfffffff0, 0xffffffff, 0), B8G_ERROR_FAULT, "start to a wild slice");
}

/* Whatever it calls, it is answered; nothing is checked but that it goes on. Waits do not block, and it does not end itself. */
static void anything(void) {
    for (int i = 0; i < 20000; i++) {
        int64_t numbers[4];
        for (int n = 0; n < 4; n++) {
            uint64_t r = random();
            numbers[n] = r % 4 == 0 ? (int64_t)random() : r % 4 == 1 ? -1 : (int64_t)(random() % 70000);
        }
        uint32_t op = (uint32_t)(random() % 25);
        b8g_handle handle = (b8g_handle)(random() % 3 == 0 ? random() : random() % 20);
        if (op == B8G_OP_WAIT || op == B8G_OP_TASK || op == B8G_OP_MAP || (op == B8G_OP_CTL && numbers[0] == B8G_CTL_FAIL) ||
            handle == channel || handle == embedder || (op == B8G_OP_CLOSE && handle < 20)) {
            continue;
        }
        /* What it writes may hit this program's own data: it writes into the ring alone. */
        numbers[0] = op == B8G_OP_READ || op == B8G_OP_INFO || op == B8G_OP_RECEIVE || op == B8G_OP_CHANNEL_NEW
                         ? (int64_t)(uintptr_t)ring + numbers[0] % 60000
                         : numbers[0];
        numbers[2] = op == B8G_OP_RECEIVE ? (int64_t)(uintptr_t)second : op == B8G_OP_CTL ? 0 : numbers[2];
        numbers[3] = op == B8G_OP_STREAM ? (int64_t)(uintptr_t)second : numbers[3];
        if ((op == B8G_OP_READ || op == B8G_OP_INFO || op == B8G_OP_RECEIVE) && numbers[1] > 5000) {
            numbers[1] = 5000;
        }
        b8g_call(op, handle, numbers[0], numbers[1], numbers[2], numbers[3]);
    }
}

/* More handles than it may have, then all of them closed, and stale ones used. */
static void too_many(void) {
    static b8g_handle made[20000];
    size_t count = 0;
    int64_t last = 0;
    while (count < sizeof made / sizeof *made && (last = b8g_event(0)) > 0) {
        made[count++] = (b8g_handle)last;
    }
    expect(last, B8G_ERROR_LIMIT, "handles without a bound");
    struct b8g_ends ends;
    expect(b8g_channel(&ends), B8G_ERROR_LIMIT, "a channel without room for its handles");
    for (size_t i = 0; i < count; i++) {
        expect(b8g_close(made[i]), 0, "a handle that cannot be closed");
    }
    expect(b8g_signal(made[0], 0, 1), B8G_ERROR_BADH, "a stale handle");
    expect(b8g_send(channel, NULL, 0, made, 1), B8G_ERROR_BADH, "a stale handle that was sent");
}

/* Says that more is done than it had, then writes the whole ring at any time. The reader, who has the other end, must see so many bytes
 * as were committed, and an end. */
static void false_done(void) {
    struct b8g_stream_ends ends;
    expect(b8g_stream(1, RING, B8G_STREAM_MAP, &ends), 8, "no stream");
    expect(b8g_map(ends.writer, ring, 0, RING), 0, "no window");
    expect(b8g_map(ends.writer, ring, 0, RING), B8G_ERROR_EXIST, "two windows at one place");
    expect(b8g_unmap(ring, RING - 4096), B8G_ERROR_NOENT, "half a window unmapped");
    expect(b8g_unmap(second, RING), B8G_ERROR_NOENT, "no window unmapped");
    expect(b8g_unmap(ring, RING), 0, "a window not unmapped");
    expect(b8g_unmap(ring, RING), B8G_ERROR_NOENT, "a window unmapped twice");
    expect(b8g_map(ends.writer, ring, 0, RING), 0, "no window where one was");
    expect(b8g_map(ends.writer, second + 1, 0, RING), B8G_ERROR_ARG, "a window at no page");
    expect(b8g_map(ends.writer, second, 4096, RING), B8G_ERROR_ARG, "a window beyond the ring");
    expect(b8g_map(ends.writer, (void *)0xfffff000, 0, 4096), B8G_ERROR_FAULT, "a window beyond memory");
    expect(b8g_acquire(ends.writer, RING + 1), B8G_ERROR_ARG, "done before anything was had");
    expect(b8g_send(channel, "ring", 4, &ends.reader, 1), 0, "the reader cannot be sent");
    int64_t part = b8g_acquire(ends.writer, 0);
    expect((int64_t)b8g_part_bytes(part), RING, "a part that is not the whole ring");
    expect(b8g_acquire(ends.writer, RING + 1), B8G_ERROR_ARG, "done more than there was");
    expect(b8g_acquire(ends.writer, UINT64_MAX), B8G_ERROR_ARG, "done less than nothing");
    expect(b8g_acquire(ends.reader, 0), B8G_ERROR_BADH, "what was sent");
    for (size_t at = 0; at < RING; at++) {
        ring[at] = 'x';
    }
    expect((int64_t)b8g_part_bytes(b8g_acquire(ends.writer, 10)), RING - 10, "a part that overlaps what was committed");
    expect(b8g_acquire(ends.writer, RING), B8G_ERROR_ARG, "done more than was left");
    /* A buffer in the window would be written while it is read. */
    expect(b8g_write(ends.writer, ring, 10, B8G_HERE), B8G_ERROR_FAULT, "a buffer in a window");
    expect(b8g_receive(channel, ring, 10, NULL, 0), B8G_ERROR_FAULT, "a message into a window");
    expect(b8g_finish(ends.writer, 0, 0), 0, "no end");
    expect(b8g_acquire(ends.writer, 0), B8G_ERROR_CLOSED, "a part after the end");
    for (size_t at = 0; at < RING; at++) {
        ((volatile uint8_t *)ring)[at] = 'y';
    }
}

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    (void)shared, (void)shared_len, (void)own, (void)own_len;
    channel = b8g_given(B8G_ROLE_CHANNEL, 0);
    embedder = b8g_given(B8G_ROLE_CHANNEL, 1);
    wild_offsets();
    too_many();
    false_done();
    anything();
    tell("done");
    return B8G_STATE_DONE;
}
