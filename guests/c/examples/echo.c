/* Sends back every message that comes over its first channel, with the handles that came along. */
#include "b8g.h"

static uint8_t bytes[B8G_MESSAGE_BYTES_MAX];
static b8g_handle handles[B8G_MESSAGE_HANDLES_MAX];

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    (void)shared, (void)shared_len, (void)own, (void)own_len;
    b8g_handle channel = b8g_given(B8G_ROLE_CHANNEL, 0);
    for (;;) {
        int64_t got = b8g_receive(channel, bytes, sizeof bytes, handles, B8G_MESSAGE_HANDLES_MAX);
        if (got == B8G_ERROR_AGAIN) {
            got = b8g_wait_for(channel, B8G_READY_READ, B8G_NEVER);
        } else if (got >= 0) {
            got = b8g_send(channel, bytes, b8g_message_bytes(got), handles, b8g_message_handles(got));
        }
        if (got < 0) {
            return got == B8G_ERROR_CLOSED ? B8G_STATE_DONE : (int32_t)got;
        }
    }
}
