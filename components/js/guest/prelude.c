/* The prelude: JavaScript that is evaluated once, before the image is captured.
 *
 * The builder offers it as a blob behind handle 1: `{u32 strip}`, then for each file `{u32 name length, u32 source
 * length, name, NUL, source, NUL}`. A file is the body of `function (globalThis, sys, internal)`. Invariant: a fault in
 * the prelude traps, so that no broken image can be built. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define PRELUDE_HANDLE 1

static JSValue shared; /* the object that the files share, `internal` */

static const char head[] = "(function (globalThis, sys, internal) { \"use strict\";";
static const char tail[] = "\n})";

/* Ends the build: the text goes where the builder shows it. */
static void fault(JSContext *ctx, const char *name)
{
    JSValue error = JS_GetException(ctx);
    size_t length;
    const char *text = report_describe(ctx, "the prelude failed: ", error, &length);

    call_ctl(0, CTL_FAIL, slice(text, length), 0, 0);
    __builtin_trap();
}

static void run_file(JSContext *ctx, const char *name, const char *source, size_t length, JSValueConst sys)
{
    JSValue global = JS_GetGlobalObject(ctx), function, result;
    char *text = malloc(sizeof head + length + sizeof tail);

    memcpy(text, head, sizeof head - 1);
    memcpy(text + sizeof head - 1, source, length);
    memcpy(text + sizeof head - 1 + length, tail, sizeof tail);
    function = JS_Eval(ctx, text, sizeof head - 1 + length + sizeof tail - 1, name, JS_EVAL_TYPE_GLOBAL);
    memset(text, 0, sizeof head + length + sizeof tail); /* zeroes cost nothing in the image */
    free(text);
    if (JS_IsException(function))
        fault(ctx, name);
    result = JS_Call(ctx, function, JS_UNDEFINED, 3, (JSValueConst[]){ global, sys, shared });
    if (JS_IsException(result))
        fault(ctx, name);
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, global);
}

static uint32_t word(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

JSValue prelude_run(JSContext *ctx, bool *strip)
{
    struct { uint32_t kind, rights; uint64_t size; } info;
    JSValue sys = sys_object(ctx);
    char *blob = NULL;
    size_t size = 0, at = 4;

    shared = JS_NewObjectProto(ctx, JS_NULL);
    *strip = true;
    if (b8g_call(OP_INFO, PRELUDE_HANDLE, (intptr_t)&info, sizeof info, 0, 0) == sizeof info) {
        size = (size_t)info.size;
        blob = malloc(size);
        if (read_all(PRELUDE_HANDLE, blob, size, 0) != (int64_t)size)
            __builtin_trap();
        *strip = word(blob) != 0;
    }
    while (at < size) {
        uint32_t name_length = word(blob + at), source_length = word(blob + at + 4);
        const char *name = blob + at + 8;
        run_file(ctx, name, name + name_length + 1, source_length, sys);
        at += 8 + name_length + 1 + source_length + 1;
    }
    if (blob)
        memset(blob, 0, size);
    free(blob);
    JS_FreeValue(ctx, sys);
    return JS_DupValue(ctx, shared);
}

JSValue prelude_b8g(JSContext *ctx)
{
    return JS_GetPropertyStr(ctx, shared, "b8g");
}
