/* Parks its waits: between two ticks of a timer it has no machine stack, and can be frozen. Tells each tick over its first channel. */
#include "b8g.h"

static b8g_handle channel, timer;
static uint8_t ticks;

static int32_t park(void) {
    struct b8g_wait_item item = {timer, B8G_READY_READ};
    int64_t parked = b8g_park(&item, 1, B8G_NEVER);
    return parked < 0 ? (int32_t)parked : B8G_STATE_WAITING;
}

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    (void)shared, (void)shared_len, (void)own, (void)own_len;
    b8g_handle clock = b8g_given(B8G_ROLE_CLOCK_MONO, 0);
    int64_t made = b8g_timer(clock, (uint64_t)b8g_now(clock) + 1000000, 1000000);
    if (made < 0) {
        return (int32_t)made;
    }
    timer = (b8g_handle)made;
    channel = b8g_given(B8G_ROLE_CHANNEL, 0);
    return park();
}

B8G_EVENT event(int64_t token, int32_t kind, b8g_handle handle, int64_t value) {
    (void)token, (void)handle, (void)value;
    uint64_t times;
    if (kind != B8G_EVENT_READY) {
        return park();
    }
    int64_t done = b8g_read(timer, &times, sizeof times, B8G_HERE);
    ticks++;
    if (done >= 0) {
        done = b8g_send(channel, &ticks, 1, NULL, 0);
    }
    if (done < 0) {
        return (int32_t)done;
    }
    return ticks == 3 ? B8G_STATE_DONE : park();
}
