// The header in C++: it compiles without a warning, and the structures that share their names with functions can be named.
#include "b8g.h"

B8G_START start(uint32_t, uint32_t, uint32_t, uint32_t) {
    struct b8g_info info;
    struct b8g_wait_item item = {b8g_given(B8G_ROLE_STDIN, 0), B8G_READY_READ};
    int64_t done = b8g_info(item.handle, &info);
    return done < 0 ? static_cast<int32_t>(done) : B8G_STATE_DONE;
}
