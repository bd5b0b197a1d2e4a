/* Timers: a heap ordered by time and then by age, and a table that finds a timer by its number.
 *
 * Invariant: a timer is in both or in neither; its callback is released when it leaves them. */
#include "guest.h"

#include <stdlib.h>

#define NS_PER_MS 1000000.0
/* As other engines: an interval of 0 would keep the loop from ever waiting. */
#define PERIOD_MIN_NS 1000000
#define DELAY_MAX_MS 3.2e12 /* a hundred years */
#define BUCKETS_MIN 16

struct timer {
    int64_t id, due_ns, period_ns;
    uint64_t order;
    size_t place;           /* in the heap */
    struct timer *next;     /* in its bucket */
    bool keeps;             /* the program waits for it */
    JSValue callback;
    JSValue async_context;  /* of whoever set it */
};

static struct timer **heap, **buckets;
static size_t count, room, bucket_count, keeping;
static int64_t last_id;
static uint64_t last_order;
static int64_t round_ns; /* when timers were last called back; 0: not yet */

static bool before(const struct timer *a, const struct timer *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct timer *timer, size_t place)
{
    heap[place] = timer;
    timer->place = place;
}

/* Moves the timer to where it belongs, from a place near the top or near the bottom. */
static void settle(struct timer *timer, size_t place)
{
    while (place > 0 && before(timer, heap[(place - 1) / 2])) {
        put(heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    for (;;) {
        size_t child = place * 2 + 1;
        if (child >= count)
            break;
        if (child + 1 < count && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], timer))
            break;
        put(heap[child], place);
        place = child;
    }
    put(timer, place);
}

static bool grow(void)
{
    size_t larger = room ? room * 2 : BUCKETS_MIN;
    struct timer **new_heap = realloc(heap, larger * sizeof *heap);
    struct timer **new_buckets = calloc(larger, sizeof *buckets);

    if (new_heap)
        heap = new_heap;
    if (!new_heap || !new_buckets) {
        free(new_buckets);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct timer **bucket = &new_buckets[(size_t)heap[i]->id & (larger - 1)];
        heap[i]->next = *bucket;
        *bucket = heap[i];
    }
    free(buckets);
    buckets = new_buckets;
    bucket_count = room = larger;
    return true;
}

static struct timer **find(int64_t id)
{
    struct timer **at;

    if (!bucket_count)
        return NULL;
    for (at = &buckets[(size_t)id & (bucket_count - 1)]; *at; at = &(*at)->next)
        if ((*at)->id == id)
            return at;
    return NULL;
}

/* Takes a timer out of heap and table; the caller frees it. */
static struct timer *take(struct timer **at)
{
    struct timer *timer = *at, *last;

    *at = timer->next;
    keeping -= timer->keeps;
    last = heap[--count];
    if (last != timer)
        settle(last, timer->place);
    return timer;
}

static void release(JSContext *ctx, struct timer *timer)
{
    JS_FreeValue(ctx, timer->callback);
    JS_FreeValue(ctx, timer->async_context);
    free(timer);
}

int64_t timers_add_soon(JSContext *ctx, JSValueConst callback)
{
    int64_t id = timers_add(ctx, callback, 0, false);
    struct timer *timer;

    if (id < 0 || !round_ns)
        return id;
    timer = *find(id);
    if (round_ns < timer->due_ns)
        timer->due_ns = round_ns;
    settle(timer, timer->place);
    return id;
}

int64_t timers_add(JSContext *ctx, JSValueConst callback, double delay_ms, bool repeat)
{
    struct timer *timer = (count < room || grow()) ? malloc(sizeof *timer) : NULL;
    struct timer **bucket;
    int64_t delay_ns;

    if (!timer)
        return E_NOMEM;
    if (!(delay_ms > 0) || delay_ms > DELAY_MAX_MS * 1000)
        delay_ms = 0; /* also what is not a number */
    delay_ns = (int64_t)((delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS) * NS_PER_MS);
    timer->id = ++last_id;
    timer->due_ns = clock_mono_ns() + delay_ns;
    timer->period_ns = !repeat ? 0 : delay_ns < PERIOD_MIN_NS ? PERIOD_MIN_NS : delay_ns;
    timer->order = ++last_order;
    timer->keeps = true;
    keeping++;
    timer->callback = JS_DupValue(ctx, callback);
    timer->async_context = JS_DupValue(ctx, b8g_async_context);
    bucket = &buckets[(size_t)timer->id & (bucket_count - 1)];
    timer->next = *bucket;
    *bucket = timer;
    settle(timer, count++);
    return timer->id;
}

void timers_clear(JSContext *ctx, int64_t id)
{
    struct timer **at = find(id);

    if (at)
        release(ctx, take(at));
}

void timers_keeping(int64_t id, bool keeps)
{
    struct timer **at = find(id);

    if (at && (*at)->keeps != keeps) {
        (*at)->keeps = keeps;
        keeping += keeps ? 1 : (size_t)-1;
    }
}

bool timers_keep(void)
{
    return keeping > 0;
}

int64_t timers_next_ns(void)
{
    return count ? heap[0]->due_ns : NO_DEADLINE;
}

void timers_shift(int64_t ns)
{
    round_ns = 0;
    for (size_t i = 0; i < count; i++)
        heap[i]->due_ns += ns;
}

bool timers_run(JSContext *ctx)
{
    uint64_t newest = last_order;
    int64_t now;
    bool any = false;

    if (!count)
        return false;
    now = round_ns = clock_mono_ns();
    /* A timer that a callback sets waits for the next round, though it may be due. */
    while (count && heap[0]->due_ns <= now && heap[0]->order <= newest && !loop_failed()) {
        struct timer *timer = heap[0];
        JSValue callback = JS_DupValue(ctx, timer->callback);
        JSValue outer = b8g_async_enter(JS_DupValue(ctx, timer->async_context));

        any = true;
        if (timer->period_ns) {
            timer->due_ns = timer->due_ns + timer->period_ns > now ? timer->due_ns + timer->period_ns : now + timer->period_ns;
            timer->order = ++last_order;
            settle(timer, 0);
        } else {
            release(ctx, take(find(timer->id)));
        }
        loop_callback(ctx, callback, 0, NULL);
        b8g_async_leave(ctx, outer);
        JS_FreeValue(ctx, callback);
        loop_jobs(ctx);
    }
    return any;
}
