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

/* ---- its modules ---- */

#define MODULES_MAX 128

static struct { const char *name; JSValue exports; } modules[MODULES_MAX];
static uint32_t module_count;

/* Keeps the names and the exports of `internal.modules`. */
static void list_modules(JSContext *ctx)
{
    JSValue all = JS_GetPropertyStr(ctx, shared, "modules");
    JSPropertyEnum *names;
    uint32_t count;

    if (!JS_IsObject(all))
        return;
    if (JS_GetOwnPropertyNames(ctx, &names, &count, all, JS_GPN_STRING_MASK) < 0)
        fault(ctx, "its modules");
    if (count > MODULES_MAX) {
        JS_ThrowRangeError(ctx, "there are more than %d modules", MODULES_MAX);
        fault(ctx, "its modules");
    }
    for (uint32_t i = 0; i < count; i++) {
        modules[i].name = JS_AtomToCString(ctx, names[i].atom); /* never given back */
        modules[i].exports = JS_GetProperty(ctx, all, names[i].atom);
    }
    module_count = count;
    JS_FreePropertyEnum(ctx, names, count);
    JS_FreeValue(ctx, all);
}

uint32_t prelude_find(const char *name)
{
    static const char scheme[] = "node:";

    for (uint32_t i = 0; i < module_count; i++) {
        const char *known = modules[i].name;
        if (strcmp(known, name) == 0)
            return PRELUDE_MODULES + i;
        /* One of Node's without its scheme; but the module of tests has no such name. */
        if (strncmp(known, scheme, sizeof scheme - 1) == 0 && strcmp(known + sizeof scheme - 1, name) == 0 && strcmp(name, "test") != 0)
            return PRELUDE_MODULES + i;
    }
    return NO_MODULE;
}

const char *prelude_name(uint32_t index)
{
    return modules[index - PRELUDE_MODULES].name;
}

JSValue prelude_exports(JSContext *ctx, const char *name)
{
    uint32_t index = prelude_find(name);

    return index == NO_MODULE ? JS_ThrowReferenceError(ctx, "there is no module %s", name)
                              : JS_DupValue(ctx, modules[index - PRELUDE_MODULES].exports);
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
    list_modules(ctx);
    return JS_DupValue(ctx, shared);
}

