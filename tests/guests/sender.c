/* Sends the same bytes in the way that its argument names, to whoever has the other end of its first channel. */
#include "b8g.h"

#define TOTAL 1000000u
#define RING 65536u

static B8G_WINDOW uint8_t ring[RING];
static uint8_t block[5000];

static int is(const char *text, const char *other) {
    while (*text && *text == *other) {
        text++, other++;
    }
    return *text == *other;
}

/* The byte at a position: what the receiver checks. */
static uint8_t byte_at(uint32_t at) {
    return (uint8_t)(at * 7 + at / 1000);
}

static int64_t wait_to_write(b8g_handle writer) {
    return b8g_wait_for(writer, B8G_READY_WRITE, B8G_NEVER);
}

/* Makes a stream and sends its reader. */
static int64_t make(b8g_handle channel, uint32_t flags, b8g_handle *writer) {
    struct b8g_stream_ends ends;
    int64_t made = b8g_stream(1, RING, flags, &ends);
    if (made < 0) {
        return made;
    }
    *writer = ends.writer;
    return b8g_send(channel, "reader", 6, &ends.reader, 1);
}

static int64_t by_copy(b8g_handle channel) {
    b8g_handle writer = 0;
    int64_t done = make(channel, 0, &writer);
    for (uint32_t at = 0; done >= 0 && at < TOTAL;) {
        uint32_t len = TOTAL - at < sizeof block ? TOTAL - at : (uint32_t)sizeof block;
        for (uint32_t i = 0; i < len; i++) {
            block[i] = byte_at(at + i);
        }
        done = b8g_write(writer, block, len, B8G_HERE);
        if (done == B8G_ERROR_AGAIN) {
            done = wait_to_write(writer);
        } else if (done >= 0) {
            at += (uint32_t)done;
        }
    }
    return done < 0 ? done : b8g_finish(writer, 0, 0);
}

static int64_t mapped(b8g_handle channel) {
    b8g_handle writer = 0;
    int64_t done = make(channel, B8G_STREAM_MAP, &writer);
    if (done >= 0) {
        done = b8g_map(writer, ring, 0, RING);
    }
    uint32_t at = 0, filled = 0;
    while (done >= 0 && at < TOTAL) {
        int64_t part = b8g_acquire(writer, filled);
        filled = 0; /* What was said counts even if there is no room yet. */
        if (part == B8G_ERROR_AGAIN) {
            done = wait_to_write(writer);
            continue;
        }
        if (part < 0) {
            return part;
        }
        volatile uint8_t *room = ring + b8g_part_offset(part);
        for (; filled < b8g_part_bytes(part) && at < TOTAL; filled++) {
            room[filled] = byte_at(at++);
        }
    }
    if (done >= 0) {
        done = b8g_acquire(writer, filled);
    }
    return done < 0 && done != B8G_ERROR_AGAIN ? done : b8g_finish(writer, 0, 0);
}

/* Sets a bit, and waits until the other side has answered with another one. */
static int64_t event(b8g_handle channel) {
    int64_t made = b8g_event(0);
    if (made < 0) {
        return made;
    }
    b8g_handle mine = (b8g_handle)made;
    made = b8g_dup(mine, B8G_RIGHT_TRANSFER | B8G_RIGHT_READ | B8G_RIGHT_WAIT | B8G_RIGHT_SIGNAL);
    b8g_handle theirs = (b8g_handle)made;
    if (made < 0 || (made = b8g_send(channel, "event", 5, &theirs, 1)) < 0) {
        return made;
    }
    b8g_signal(mine, 0, 1);
    uint32_t bits = 0;
    while (bits != 2) {
        b8g_wait_for(mine, B8G_READY_READ, B8G_NEVER);
        made = b8g_read(mine, &bits, sizeof bits, B8G_HERE);
        if (made < 0) {
            return made;
        }
    }
    return 0;
}

/* Talks over a channel whose other end it sends, and gets that end back. */
static int64_t handles(b8g_handle channel) {
    struct b8g_ends ends;
    char text[16];
    int64_t done = b8g_channel(&ends);
    if (done < 0 || (done = b8g_send(channel, "channel", 7, &ends.second, 1)) < 0) {
        return done;
    }
    if (b8g_close(ends.second) != B8G_ERROR_BADH) {
        return B8G_ERROR_IO; /* What was sent is the sender's no more. */
    }
    b8g_wait_for(ends.first, B8G_READY_READ, B8G_NEVER);
    int64_t got = b8g_receive(ends.first, text, sizeof text, NULL, 0);
    if (got != 2 || text[0] != 'h' || text[1] != 'i') {
        return got < 0 ? got : B8G_ERROR_IO;
    }
    b8g_wait_for(channel, B8G_READY_READ, B8G_NEVER);
    b8g_handle back = 0;
    got = b8g_receive(channel, text, sizeof text, &back, 1);
    return b8g_message_handles(got) == 1 ? b8g_send(back, "there", 5, NULL, 0) : B8G_ERROR_IO;
}

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    (void)shared, (void)shared_len, (void)own, (void)own_len;
    char how[16] = {0};
    b8g_read(b8g_given(B8G_ROLE_ARGS, 0), how, sizeof how - 1, 0);
    b8g_handle channel = b8g_given(B8G_ROLE_CHANNEL, 0);
    int64_t done = is(how, "copy")     ? by_copy(channel)
                   : is(how, "mapped") ? mapped(channel)
                   : is(how, "event")  ? event(channel)
                                       : handles(channel);
    return done < 0 ? (int32_t)done : B8G_STATE_DONE;
}
