/* Evaluations: the engine hands in a cell of a session and takes back its value.
 *
 * What comes is a byte, 'e' to evaluate or 'c' to complete, the cell's name, a NUL, and the text. An answer is one byte, 0 for a
 * value and 1 for an error. The error's description follows, or the length of the value as JSON (UINT32_MAX if it has none), that
 * JSON, and the value as text: a string as it is, everything else as console.log shows it. What a cell declares stays for the
 * next ones, which may declare it again. Invariant: each evaluation is answered exactly once. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_MAX 256
#define ANSWER_ON_STACK 256
/* Of the value as JSON and as text; the engine takes this much and a little more. */
#define VALUE_BYTES_MAX (16 << 20)
#define NO_JSON UINT32_MAX

struct evaluation {
    JSValue promise;
    uint32_t answer;
    bool wrapped; /* the promise gives {value} */
};

static struct evaluation pending[PENDING_MAX];
static uint32_t count;

/* Writes an answer of a head and two texts in one piece. */
static void answer(uint32_t handle, const void *head, size_t head_length, const char *first, size_t first_length, const char *text,
                   size_t length)
{
    char small[ANSWER_ON_STACK];
    size_t total = head_length + first_length + length;
    char *bytes = total <= sizeof small ? small : malloc(total);

    if (!bytes) {
        write_all(handle, "\1InternalError: out of memory", 29);
        return;
    }
    memcpy(bytes, head, head_length);
    memcpy(bytes + head_length, first, first_length);
    memcpy(bytes + head_length + first_length, text, length);
    write_all(handle, bytes, total);
    if (bytes != small)
        free(bytes);
}

static void answer_wrong(uint32_t handle, const char *text, size_t length)
{
    answer(handle, "\1", 1, "", 0, text, length);
}

static void answer_error(JSContext *ctx, uint32_t handle, JSValueConst error)
{
    size_t length;
    const char *text = report_describe(ctx, "", error, &length);

    answer_wrong(handle, text, length);
}

static void answer_exception(JSContext *ctx, uint32_t handle)
{
    JSValue error = JS_GetException(ctx);

    answer_error(ctx, handle, error);
    JS_FreeValue(ctx, error);
}

/* The value as JSON.stringify gives it; false if it has no such form. */
static bool json_of(JSContext *ctx, JSValueConst value, struct text *text)
{
    JSValue json = JS_JSONStringify(ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    bool has = JS_IsString(json) && text_of(ctx, json, text);

    if (!has)
        JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, json);
    if (has && text->length > VALUE_BYTES_MAX) {
        text_free(ctx, text);
        return false;
    }
    return has;
}

/* The value as text. */
static JSValue shown(JSContext *ctx, JSValueConst value)
{
    if (JS_IsObject(value) || JS_IsSymbol(value))
        return loop_hook(ctx, "inspect", 1, &value);
    return JS_DupValue(ctx, value);
}

static void answer_value(JSContext *ctx, uint32_t handle, JSValueConst value)
{
    struct text text, json = { "", 0, NULL, NULL };
    JSValue string = shown(ctx, value);
    bool plain, has_json, has_text = !JS_IsException(string) && text_of(ctx, string, &text);
    uint8_t head[5] = { 0 };
    uint32_t length = NO_JSON;

    JS_FreeValue(ctx, string);
    if (!has_text) {
        answer_exception(ctx, handle);
        return;
    }
    /* What is the same in both forms is not made twice. */
    plain = JS_VALUE_GET_TAG(value) == JS_TAG_INT || JS_IsBool(value) || JS_IsNull(value);
    if (plain)
        json = text;
    has_json = !plain && !JS_IsUndefined(value) && json_of(ctx, value, &json);
    if (plain || has_json)
        length = (uint32_t)json.length;
    memcpy(head + 1, &length, sizeof length);
    if (text.length > VALUE_BYTES_MAX)
        answer_wrong(handle, "RangeError: the value's text is longer than 16 MiB", 50);
    else
        answer(handle, head, sizeof head, json.bytes, json.length, text.bytes, text.length);
    if (has_json)
        text_free(ctx, &json);
    text_free(ctx, &text);
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
        answer_wrong(handle, "RangeError: too many evaluations are pending", 44);
        JS_FreeValue(ctx, value);
        return;
    }
    pending[count++] = (struct evaluation){ value, handle, wrapped };
}

/* Answers the names that the text, which ends where the cursor is, can go on with. */
static void complete(JSContext *ctx, uint32_t handle, const char *text, size_t length)
{
    JSValueConst arguments[2] = { JS_NewStringLen(ctx, text, length), b8g_lexicals(ctx) };
    JSValue names = loop_hook(ctx, "complete", 2, arguments);

    if (JS_IsException(names))
        answer_exception(ctx, handle);
    else
        answer_value(ctx, handle, names);
    JS_FreeValue(ctx, names);
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
}

void eval_begin(JSContext *ctx, uint32_t source_handle, uint32_t answer_handle)
{
    size_t length;
    char *blob = read_source(source_handle, &length), *source;
    bool awaits;
    JSValue value;

    source = blob ? memchr(blob, 0, length) : NULL;
    if (!source) {
        answer_wrong(answer_handle, "InternalError: the source cannot be read", 40);
        free(blob);
        return;
    }
    source++;
    length -= (size_t)(source - blob);
    if (blob[0] == 'c') {
        complete(ctx, answer_handle, source, length);
        free(blob);
        return;
    }
    loop_session();
    awaits = strstr(source, "await") != NULL;
    value = JS_Eval(ctx, source, length, blob + 1, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_REDECLARE | (awaits ? JS_EVAL_FLAG_ASYNC : 0));
    free(blob);
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
            answer_wrong(e.answer, "Error: the program has failed", 29);
        else if (JS_PromiseState(ctx, e.promise) == JS_PROMISE_PENDING)
            answer_wrong(e.answer, "Error: the promise never settled", 32);
        else
            answer_settled(ctx, &e);
        JS_FreeValue(ctx, e.promise);
    }
}

bool eval_pending(void)
{
    return count > 0;
}
