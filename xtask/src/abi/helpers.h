
/* ---- What programs need again and again. ---- */

/* Marks the function that runs the component: int32_t start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len). */
#define B8G_START __attribute__((export_name("b8g_start"))) int32_t

/* Marks the one that runs it again: int32_t event(int64_t token, int32_t kind, b8g_handle handle, int64_t value). */
#define B8G_EVENT __attribute__((export_name("b8g_event"))) int32_t

/* Puts a static array where it can be shown: `static B8G_WINDOW uint8_t ring[65536];` then b8g_map(h, ring, 0, sizeof ring).
 * Its size must be a multiple of B8G_WINDOW_BYTES, or something else lies in its last page. */
#define B8G_WINDOW __attribute__((aligned(B8G_WINDOW_BYTES)))

/* No deadline, for b8g_wait; the object's own position, for b8g_read and b8g_write. */
#define B8G_NEVER (-1)
#define B8G_HERE (-1)

/* The nth handle that the context was given for a role, from 0; 0 if it was not. */
static inline b8g_handle b8g_given(uint32_t role, uint32_t nth) {
    struct b8g_entry entries[256];
    int64_t bytes = b8g_ctl(0, B8G_CTL_START, NULL, 0, entries, sizeof entries, 0);
    for (int64_t at = 0; at < bytes / (int64_t)sizeof(struct b8g_entry); at++) {
        if (entries[at].role == role && nth-- == 0) {
            return entries[at].handle;
        }
    }
    return 0;
}

/* What b8g_receive answered: bytes of the message, and its handles. */
static inline size_t b8g_message_bytes(int64_t received) {
    return (size_t)(uint32_t)received;
}
static inline size_t b8g_message_handles(int64_t received) {
    return (size_t)((uint64_t)received >> 32);
}

/* What b8g_acquire answered: where in the ring the part begins, and its bytes. */
static inline size_t b8g_part_offset(int64_t part) {
    return (size_t)(uint32_t)part;
}
static inline size_t b8g_part_bytes(int64_t part) {
    return (size_t)((uint64_t)part >> 32);
}

/* Parks a wait: return B8G_STATE_WAITING then, and the component hears READY. */
static inline int64_t b8g_park(const struct b8g_wait_item *items, size_t items_count, int64_t deadline) {
    return b8g_wait(items, items_count, deadline, NULL);
}

/* Waits for one handle; answers which of the interests are ready, or an error. */
static inline int64_t b8g_wait_for(b8g_handle h, uint32_t interest, int64_t deadline) {
    struct b8g_wait_item item;
    uint32_t found = 0;
    item.handle = h;
    item.interest = interest;
    int64_t ready = b8g_wait(&item, 1, deadline, &found);
    return ready < 0 ? ready : (int64_t)found;
}

/* Nanoseconds of a clock; negative: an error. */
static inline int64_t b8g_now(b8g_handle clock) {
    uint64_t now = 0;
    int64_t got = b8g_read(clock, &now, sizeof now, B8G_HERE);
    return got < 0 ? got : (int64_t)now;
}

/* Copies out of a window. Who shares it can write it at any moment: check the copy, never the window. */
static inline void b8g_copy_out(void *to, const volatile void *window, size_t len) {
    for (size_t at = 0; at < len; at++) {
        ((uint8_t *)to)[at] = ((const volatile uint8_t *)window)[at];
    }
}

/* Copies into a window. */
static inline void b8g_copy_in(volatile void *window, const void *from, size_t len) {
    for (size_t at = 0; at < len; at++) {
        ((volatile uint8_t *)window)[at] = ((const uint8_t *)from)[at];
    }
}
