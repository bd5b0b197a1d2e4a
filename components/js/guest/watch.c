/* Handles that somebody waits for: each has a callback that is called once, when the handle is ready.
 *
 * Invariant: `items` and `watchers` run in parallel, so that a wait needs no copy. */
#include "guest.h"

struct watcher {
    int64_t id;
    JSValue callback;
};

static struct wait_item items[WAIT_ITEMS_MAX];
static struct watcher watchers[WAIT_ITEMS_MAX];
static uint32_t ready[WAIT_ITEMS_MAX];
static uint32_t count;
static int64_t last_id;

int64_t watch_add(JSContext *ctx, uint32_t handle, uint32_t interest, JSValueConst callback)
{
    if (count == WAIT_ITEMS_MAX)
        return E_LIMIT;
    items[count] = (struct wait_item){ handle, interest };
    watchers[count] = (struct watcher){ ++last_id, JS_DupValue(ctx, callback) };
    count++;
    return last_id;
}

/* Takes a watcher out, keeping the order of the others: who waited first is called first. */
static JSValue take(uint32_t at)
{
    JSValue callback = watchers[at].callback;

    count--;
    for (; at < count; at++) {
        items[at] = items[at + 1];
        watchers[at] = watchers[at + 1];
    }
    return callback;
}

static uint32_t find(int64_t id)
{
    uint32_t at = 0;

    while (at < count && watchers[at].id != id)
        at++;
    return at;
}

void watch_remove(JSContext *ctx, int64_t id)
{
    uint32_t at = find(id);

    if (at < count)
        JS_FreeValue(ctx, take(at));
}

bool watch_any(void)
{
    return count > 0;
}

bool watch_poll(JSContext *ctx)
{
    int64_t called[WAIT_ITEMS_MAX / 16];
    uint32_t due = 0;

    if (!count || b8g_call(OP_WAIT, 0, (intptr_t)items, count, 0, (intptr_t)ready) <= 0)
        return false;
    for (uint32_t i = 0; i < count && due < sizeof called / sizeof called[0]; i++)
        if (ready[i])
            called[due++] = watchers[i].id;
    for (uint32_t i = 0; i < due && !loop_failed(); i++) {
        uint32_t at = find(called[i]); /* a callback may have removed it */
        JSValue callback;
        if (at == count)
            continue;
        callback = take(at);
        loop_callback(ctx, callback, 0, NULL);
        JS_FreeValue(ctx, callback);
        loop_jobs(ctx);
    }
    return due > 0;
}

int64_t watch_park(int64_t deadline_ns)
{
    return b8g_call(OP_WAIT, 0, (intptr_t)items, count, deadline_ns == NO_DEADLINE ? -1 : deadline_ns, 0);
}
