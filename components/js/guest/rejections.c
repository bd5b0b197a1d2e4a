/* Promises that were rejected and that nobody handles.
 *
 * The engine says when a promise is rejected without a handler and when it gets one after all. What is still without one
 * when the jobs have run is offered to the program's listeners, and ends the program if they leave it. Invariant: a
 * promise is in one list at most. */
#include "guest.h"

#include <stdlib.h>

/* How many taken rejections are remembered for the event `rejectionhandled`. */
#define TAKEN_MAX 256

struct rejection {
    JSValue promise, reason;
};

struct list {
    struct rejection *items;
    size_t count, room;
};

static struct list fresh; /* not yet reported */
static struct list taken; /* reported, and a listener took it */
static struct list late;  /* taken, and handled since */
static bool lost;         /* there was no memory to keep one */

static void release(JSContext *ctx, struct rejection r)
{
    JS_FreeValue(ctx, r.promise);
    JS_FreeValue(ctx, r.reason);
}

/* Adds to a list; without memory for that the program ends. */
static void add(JSContext *ctx, struct list *list, struct rejection r)
{
    if (list->count == list->room) {
        size_t larger = list->room ? list->room * 2 : 8;
        struct rejection *moved = realloc(list->items, larger * sizeof *moved);
        if (!moved) {
            lost = true;
            b8g_out_of_memory();
            release(ctx, r);
            return;
        }
        list->items = moved;
        list->room = larger;
    }
    list->items[list->count++] = r;
}

static struct rejection take(struct list *list, size_t at)
{
    struct rejection r = list->items[at];

    list->count--;
    for (; at < list->count; at++)
        list->items[at] = list->items[at + 1];
    return r;
}

static size_t find(const struct list *list, JSValueConst promise)
{
    size_t at = list->count;

    while (at > 0 && JS_VALUE_GET_PTR(list->items[at - 1].promise) != JS_VALUE_GET_PTR(promise))
        at--;
    return at - 1;
}

static void track(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled, void *opaque)
{
    size_t at;

    if (!handled)
        add(ctx, &fresh, (struct rejection){ JS_DupValue(ctx, promise), JS_DupValue(ctx, reason) });
    else if ((at = find(&fresh, promise)) != SIZE_MAX)
        release(ctx, take(&fresh, at));
    else if ((at = find(&taken, promise)) != SIZE_MAX)
        add(ctx, &late, take(&taken, at));
}

static bool report_fresh(JSContext *ctx)
{
    struct rejection r = take(&fresh, 0);
    JSValueConst both[] = { r.promise, r.reason };

    if (loop_is_entry(r.promise)) {
        if (!loop_offer(ctx, "dispatchException", 1, &both[1]))
            loop_fail(ctx, "Uncaught ", r.reason);
    } else if (!loop_offer(ctx, "dispatchRejection", 2, both)) {
        loop_fail(ctx, "Uncaught (in promise) ", r.reason);
    } else {
        if (taken.count == TAKEN_MAX)
            release(ctx, take(&taken, 0));
        add(ctx, &taken, r);
        return true;
    }
    release(ctx, r);
    return true;
}

bool rejections_report(JSContext *ctx)
{
    if (lost)
        loop_fail(ctx, "Uncaught ", JS_NULL);
    if (fresh.count > 0)
        return report_fresh(ctx);
    if (late.count > 0) {
        struct rejection r = take(&late, 0);
        loop_offer(ctx, "dispatchRejectionHandled", 2, (JSValueConst[]){ r.promise, r.reason });
        release(ctx, r);
        return true;
    }
    return false;
}

void rejections_setup(JSContext *ctx)
{
    JS_SetHostPromiseRejectionTracker(JS_GetRuntime(ctx), track, NULL);
}
