/* What is said of an error that nobody caught: name, message, stack, causes.
 *
 * The value comes from hostile code, so nothing here calls it: properties are read only where that runs no code, depth
 * and length are bounded. Invariant: a report needs no memory but the static buffer and what the engine needs for small
 * strings; where that fails too, a fixed text is left. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define REPORT_MAX 16384
#define DEPTH_MAX 4
#define ERRORS_MAX 8
#define ENTRIES_MAX 16
#define STRING_MAX 4096

/* Given up when memory runs out, so that there is some to make an error of, to unwind and to report. */
#define RESERVE (64 * 1024)

static char buffer[REPORT_MAX];
static size_t used;
static bool out_of_memory;
static void *reserve;

void report_keep_reserve(void)
{
    if (!reserve)
        reserve = malloc(RESERVE);
}

void b8g_out_of_memory(void)
{
    out_of_memory = true;
    free(reserve);
    reserve = NULL;
}

/* ---- the buffer ---- */

static void put_bytes(const char *bytes, size_t length)
{
    size_t room = sizeof buffer - used;

    if (length > room) {
        length = room;
        while (length > 0 && ((uint8_t)bytes[length] & 0xC0) == 0x80)
            length--; /* not through the middle of a character */
    }
    memcpy(buffer + used, bytes, length);
    used += length;
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

static void put_indent(int depth)
{
    for (int i = 0; i < depth; i++)
        put("    ");
}

/* Puts a string, cut if it is long; each of its line ends is followed by the indent. */
static void put_string(JSContext *ctx, JSValueConst string, size_t most, int depth)
{
    struct text text;
    size_t length, start = 0;

    if (!text_of(ctx, string, &text)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return;
    }
    length = text.length < most ? text.length : most;
    while (length < text.length && ((uint8_t)text.bytes[length] & 0xC0) == 0x80)
        length--;
    for (size_t i = 0; depth > 0 && i < length; i++) {
        if (text.bytes[i] != '\n')
            continue;
        put_bytes(text.bytes + start, i + 1 - start);
        put_indent(depth);
        start = i + 1;
    }
    put_bytes(text.bytes + start, length - start);
    if (length < text.length)
        put("…");
    text_free(ctx, &text);
}

/* ---- values that are not errors ---- */

static void put_value(JSContext *ctx, JSValueConst value, int depth);

static void put_quoted(JSContext *ctx, JSValueConst string)
{
    JSValue quoted = JS_JSONStringify(ctx, string, JS_UNDEFINED, JS_UNDEFINED);

    if (JS_IsString(quoted))
        put_string(ctx, quoted, STRING_MAX, 0);
    else
        JS_FreeValue(ctx, JS_GetException(ctx));
    JS_FreeValue(ctx, quoted);
}

static void put_symbol(JSContext *ctx, JSValueConst symbol)
{
    JSAtom atom = JS_ValueToAtom(ctx, symbol);
    JSValue text = JS_AtomToString(ctx, atom);

    put("Symbol(");
    put_string(ctx, text, STRING_MAX, 0);
    put(")");
    JS_FreeValue(ctx, text);
    JS_FreeAtom(ctx, atom);
}

/* Puts the value of an own property, unless that would run a getter. */
static void put_property(JSContext *ctx, JSValueConst object, JSAtom name, int depth)
{
    JSPropertyDescriptor property;
    int found = JS_GetOwnProperty(ctx, &property, object, name);

    if (found < 0)
        JS_FreeValue(ctx, JS_GetException(ctx));
    if (found <= 0)
        return;
    if (JS_IsUndefined(property.getter) && JS_IsUndefined(property.setter))
        put_value(ctx, property.value, depth);
    else
        put("[Getter]");
    JS_FreeValue(ctx, property.value);
    JS_FreeValue(ctx, property.getter);
    JS_FreeValue(ctx, property.setter);
}

static void put_array(JSContext *ctx, JSValueConst array, int depth)
{
    int64_t length = 0;

    JS_GetLength(ctx, array, &length);
    put("[");
    for (int64_t i = 0; i < length && i < ENTRIES_MAX; i++) {
        JSAtom name = JS_NewAtomUInt32(ctx, (uint32_t)i);
        put(i ? ", " : " ");
        put_property(ctx, array, name, depth + 1);
        JS_FreeAtom(ctx, name);
    }
    put(length > ENTRIES_MAX ? ", … ]" : length ? " ]" : "]");
}

static void put_object(JSContext *ctx, JSValueConst object, int depth)
{
    JSPropertyEnum *names;
    uint32_t count;
    JSAtom class = JS_GetClassName(JS_GetRuntime(ctx), JS_GetClassID(object));
    JSValue name = JS_AtomToString(ctx, class);
    const char *text = JS_ToCString(ctx, name);

    if (text && strcmp(text, "Object") != 0) {
        put(text);
        put(" ");
    }
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, name);
    JS_FreeAtom(ctx, class);
    if (JS_GetOwnPropertyNames(ctx, &names, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        put("{ … }");
        return;
    }
    put("{");
    for (uint32_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        JSValue key = JS_AtomToString(ctx, names[i].atom);
        put(i ? ", " : " ");
        put_string(ctx, key, STRING_MAX, 0);
        put(": ");
        put_property(ctx, object, names[i].atom, depth + 1);
        JS_FreeValue(ctx, key);
    }
    put(count > ENTRIES_MAX ? ", … }" : count ? " }" : "}");
    JS_FreePropertyEnum(ctx, names, count);
}

static void put_function(JSContext *ctx, JSValueConst function)
{
    JSAtom atom = JS_NewAtom(ctx, "name");
    JSValue name = b8g_plain_property(ctx, function, atom);

    JS_FreeAtom(ctx, atom);
    put("[Function");
    if (JS_IsString(name)) {
        put(": ");
        put_string(ctx, name, STRING_MAX, 0);
    }
    put("]");
    JS_FreeValue(ctx, name);
}

static void put_error(JSContext *ctx, JSValueConst error, int depth);

static void put_value(JSContext *ctx, JSValueConst value, int depth)
{
    if (JS_IsString(value))
        put_quoted(ctx, value);
    else if (JS_IsSymbol(value))
        put_symbol(ctx, value);
    else if (!JS_IsObject(value))
        put_string(ctx, value, STRING_MAX, 0); /* a primitive: its conversion runs no code */
    else if (JS_IsProxy(value))
        put("[Proxy]");
    else if (b8g_is_error(value))
        put_error(ctx, value, depth);
    else if (depth > 2)
        put("…");
    else if (JS_IsFunction(ctx, value))
        put_function(ctx, value);
    else if (JS_IsArray(value))
        put_array(ctx, value, depth);
    else
        put_object(ctx, value, depth);
}

/* ---- errors ---- */

static JSValue part(JSContext *ctx, JSValueConst error, const char *name)
{
    JSAtom atom = JS_NewAtom(ctx, name);
    JSValue value = b8g_error_property(ctx, error, atom);

    JS_FreeAtom(ctx, atom);
    return value;
}

static void put_heading(JSContext *ctx, JSValueConst error, int depth)
{
    JSValue name = part(ctx, error, "name"), message = part(ctx, error, "message");
    bool empty = !JS_IsString(message) || JS_ToBool(ctx, message) == 0;

    if (JS_IsString(name) && JS_ToBool(ctx, name) == 1)
        put_string(ctx, name, STRING_MAX, depth);
    else
        put("Error");
    if (!empty) {
        put(": ");
        put_string(ctx, message, STRING_MAX, depth);
    }
    JS_FreeValue(ctx, name);
    JS_FreeValue(ctx, message);
}

/* The stack lines that the program itself has put into `stack`, from the first that looks like one. */
static void put_own_stack(JSContext *ctx, JSValueConst error, int depth)
{
    JSValue stack = part(ctx, error, "stack");
    struct text text;

    if (JS_IsString(stack) && text_of(ctx, stack, &text)) {
        const char *frames = strstr(text.bytes, "\n    at ");
        if (frames) {
            JSValue rest = JS_NewString(ctx, frames);
            put_string(ctx, rest, REPORT_MAX, depth);
            JS_FreeValue(ctx, rest);
        }
        text_free(ctx, &text);
    }
    JS_FreeValue(ctx, stack);
}

static void put_nested(JSContext *ctx, JSValueConst error, int depth)
{
    JSValue cause = part(ctx, error, "cause"), errors = part(ctx, error, "errors");

    if (!JS_IsUndefined(cause)) {
        put("\n");
        put_indent(depth);
        put("Caused by: ");
        put_value(ctx, cause, depth + 1);
    }
    for (uint32_t i = 0; JS_IsArray(errors) && i < ERRORS_MAX; i++) {
        JSPropertyDescriptor entry;
        JSAtom name = JS_NewAtomUInt32(ctx, i);
        int found = JS_GetOwnProperty(ctx, &entry, errors, name);
        JS_FreeAtom(ctx, name);
        if (found <= 0)
            break;
        put("\n");
        put_indent(depth + 1);
        put_value(ctx, entry.value, depth + 1);
        JS_FreeValue(ctx, entry.value);
        JS_FreeValue(ctx, entry.getter);
        JS_FreeValue(ctx, entry.setter);
    }
    JS_FreeValue(ctx, cause);
    JS_FreeValue(ctx, errors);
}

static void put_error(JSContext *ctx, JSValueConst error, int depth)
{
    JSValue frames;

    if (depth > DEPTH_MAX) {
        put("…");
        return;
    }
    put_heading(ctx, error, depth);
    frames = b8g_error_frames(ctx, error);
    if (JS_IsString(frames) && JS_ToBool(ctx, frames) == 1) {
        put("\n");
        put_indent(depth);
        put_string(ctx, frames, REPORT_MAX, depth);
    } else {
        put_own_stack(ctx, error, depth);
    }
    JS_FreeValue(ctx, frames);
    put_nested(ctx, error, depth);
}

const char *report_describe(JSContext *ctx, const char *prefix, JSValueConst error, size_t *length)
{
    used = 0;
    put(prefix);
    put_value(ctx, error, 0);
    *length = used;
    return buffer;
}

void report_show(JSContext *ctx, const char *prefix, JSValueConst error)
{
    uint32_t stderr_handle = handle_of(ROLE_STDERR);

    used = 0;
    put(prefix);
    put_value(ctx, error, 0);
    put("\n");
    if (stderr_handle)
        write_all(stderr_handle, buffer, used);
}

/* ---- the end of the program ---- */

static bool says_out_of_memory(void)
{
    static const char words[] = "out of memory";

    for (size_t i = 0; i + sizeof words - 1 <= used && buffer[i] != '\n'; i++)
        if (memcmp(buffer + i, words, sizeof words - 1) == 0)
            return true;
    return false;
}

/* Tells an error; `how` says what it ends. True if it was that memory ran out, which ends the context in any case. */
static bool report(JSContext *ctx, const char *prefix, JSValueConst error, int64_t how)
{
    bool memory;

    used = 0;
    put(prefix);
    /* The engine throws null when there is no memory left for an error. */
    memory = out_of_memory && JS_IsNull(error);
    if (memory)
        put("InternalError: out of memory");
    else
        put_value(ctx, error, 0);
    if (!JS_IsObject(error) && !memory && strcmp(prefix, "Uncaught ") == 0) {
        JSValue frames = b8g_thrown_frames(ctx);
        if (JS_IsString(frames) && JS_ToBool(ctx, frames) == 1) {
            put("\n");
            put_string(ctx, frames, REPORT_MAX, 0);
        }
        JS_FreeValue(ctx, frames);
    }
    memory = memory || (out_of_memory && says_out_of_memory());
    call_ctl(0, CTL_FAIL, slice(buffer, used), 0, memory ? FAIL_MEMORY : how);
    return memory;
}

void report_fail(JSContext *ctx, const char *prefix, JSValueConst error)
{
    report(ctx, prefix, error, FAIL_ALL);
}

bool report_complain(JSContext *ctx, const char *prefix, JSValueConst error)
{
    return report(ctx, prefix, error, FAIL_REQUEST);
}

void report_fail_text(const char *text)
{
    call_ctl(0, CTL_FAIL, slice(text, strlen(text)), 0, out_of_memory);
}
