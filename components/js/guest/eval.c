/* Evaluations: the engine hands in a script and takes back a text.
 *
 * An answer is one byte, 0 for a value and 1 for an error, and the value as a string or the error's description.
 * Invariant: each evaluation is answered exactly once. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 256
#define ANSWER_ON_STACK 256

struct evaluation {
    JSValue promise;
    uint32_t answer;
    bool wrapped; /* the promise gives {value} */
};

static struct evaluation pending[PENDING_MAX];
static uint32_t count;

static void answer(uint32_t handle, char status, const char *text, size_t length)
{
    char small[ANSWER_ON_STACK];
    char *bytes = length < sizeof small ? small : malloc(length + 1);

    if (!bytes) {
        write_all(handle, "\1InternalError: out of memory", 29);
        return;
    }
    bytes[0] = status;
    memcpy(bytes + 1, text, length);
    write_all(handle, bytes, length + 1);
    if (bytes != small)
        free(bytes);
}

static void answer_error(JSContext *ctx, uint32_t handle, JSValueConst error)
{
    size_t length;
    const char *text = report_describe(ctx, "", error, &length);

    answer(handle, 1, text, length);
}

/* Answers String(value); what throws on the way is the answer then. */
static void answer_value(JSContext *ctx, uint32_t handle, JSValueConst value)
{
    struct text text;
    JSValue error;

    if (JS_IsSymbol(value)) {
        size_t length;
        const char *symbol = report_describe(ctx, "", value, &length);
        answer(handle, 0, symbol, length);
        return;
    }
    if (text_of(ctx, value, &text)) {
        answer(handle, 0, text.bytes, text.length);
        text_free(ctx, &text);
        return;
    }
    error = JS_GetException(ctx);
    answer_error(ctx, handle, error);
    JS_FreeValue(ctx, error);
}

static void answer_exception(JSContext *ctx, uint32_t handle)
{
    JSValue error = JS_GetException(ctx);

    answer_error(ctx, handle, error);
    JS_FreeValue(ctx, error);
}

static char *read_source(uint32_t handle, size_t *length)
{
    struct { uint32_t kind, rights; uint64_t size; } info;
    char *source;

    if (b8g_call(OP_INFO, (int32_t)handle, (intptr_t)&info, sizeof info, 0, 0) != sizeof info || info.size >= UINT32_MAX)
        return NULL;
    *length = (size_t)info.size;
    source = malloc(*length + 1);
    if (source && read_all(handle, source, *length, 0) == (int64_t)*length) {
        source[*length] = 0;
        return source;
    }
    free(source);
    return NULL;
}

/* Answers now, or when the promise settles. */
static void accept(JSContext *ctx, uint32_t handle, JSValue value, bool wrapped)
{
    if (!JS_IsPromise(value)) {
        answer_value(ctx, handle, value);
        JS_FreeValue(ctx, value);
        return;
    }
    JS_PromiseMarkAsHandled(ctx, value);
    if (count == PENDING_MAX) {
        answer(handle, 1, "RangeError: too many evaluations are pending", 44);
        JS_FreeValue(ctx, value);
        return;
    }
    pending[count++] = (struct evaluation){ value, handle, wrapped };
}

void eval_begin(JSContext *ctx, uint32_t source_handle, uint32_t answer_handle)
{
    size_t length;
    char *source = read_source(source_handle, &length);
    bool awaits;
    JSValue value;

    if (!source) {
        answer(answer_handle, 1, "InternalError: the source cannot be read", 40);
        return;
    }
    awaits = strstr(source, "await") != NULL;
    value = JS_Eval(ctx, source, length, "<eval>", JS_EVAL_TYPE_GLOBAL | (awaits ? JS_EVAL_FLAG_ASYNC : 0));
    free(source);
    if (JS_IsException(value))
        answer_exception(ctx, answer_handle);
    else
        accept(ctx, answer_handle, value, awaits);
}

/* Answers an evaluation whose promise has settled; a script with `await` gives its value in an object. */
static void answer_settled(JSContext *ctx, struct evaluation *e)
{
    JSValue result = JS_PromiseResult(ctx, e->promise), value = result;

    if (JS_PromiseState(ctx, e->promise) == JS_PROMISE_REJECTED) {
        answer_error(ctx, e->answer, result);
        JS_FreeValue(ctx, result);
        return;
    }
    if (e->wrapped) {
        value = JS_GetPropertyStr(ctx, result, "value");
        JS_FreeValue(ctx, result);
    }
    accept(ctx, e->answer, value, false);
}

void eval_settle(JSContext *ctx, bool last)
{
    for (uint32_t i = 0; i < count;) {
        struct evaluation e = pending[i];
        if (JS_PromiseState(ctx, e.promise) == JS_PROMISE_PENDING && !last) {
            i++;
            continue;
        }
        count--;
        memmove(pending + i, pending + i + 1, (count - i) * sizeof *pending);
        if (loop_failed())
            answer(e.answer, 1, "Error: the program has failed", 29);
        else if (JS_PromiseState(ctx, e.promise) == JS_PROMISE_PENDING)
            answer(e.answer, 1, "Error: the promise never settled", 32);
        else
            answer_settled(ctx, &e);
        JS_FreeValue(ctx, e.promise);
    }
}

bool eval_pending(void)
{
    return count > 0;
}
