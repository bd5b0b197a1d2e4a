/* CommonJS modules: run once, at the first `require` or import, with the cycles and the cache that Node.js programs expect.
 *
 * Invariant: a module object is in its slot from before the module's code runs, so that a cycle finds the exports that
 * are there so far; it leaves the slot only if the code throws. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

static const char wrapper_head[] = "(function (exports, require, module, __filename, __dirname) {\n\n";
static const char wrapper_tail[] = "\n})";
/* The two line ends of the head come before line 1 of the source. */
#define WRAPPER_FIRST_LINE (-1)

static JSValue *slots;    /* for each module of the program: its module object, or the value of a JSON module */
static JSValue cache;     /* require.cache */

static JSValue *slot_of(JSContext *ctx, uint32_t index)
{
    if (!slots) {
        slots = js_malloc(ctx, sizeof *slots * program_modules());
        if (!slots)
            return NULL;
        for (uint32_t i = 0; i < program_modules(); i++)
            slots[i] = JS_UNDEFINED;
        cache = JS_NewObjectProto(ctx, JS_NULL);
    }
    return &slots[index];
}

static JSValue throw_code(JSContext *ctx, JSValue error, const char *code)
{
    if (JS_IsException(error))
        return error;
    JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, code), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

static JSValue require_es(JSContext *ctx, uint32_t index)
{
    struct module_text text = program_module(index);
    JSModuleDef *module = b8g_module_find(ctx, text.name);
    JSValue promise, result;

    if (module && b8g_module_progress(module) == MODULE_BUSY)
        return throw_code(ctx, JS_NewPlainError(ctx, "Cannot require() ES module %s in a cycle", text.name),
                          "ERR_REQUIRE_CYCLE_MODULE");
    promise = modules_run(ctx, index);
    if (JS_IsException(promise))
        return promise;
    module = b8g_module_find(ctx, text.name);
    switch (JS_PromiseState(ctx, promise)) {
    case JS_PROMISE_FULFILLED:
        result = module ? JS_GetModuleNamespace(ctx, module) : JS_UNDEFINED;
        break;
    case JS_PROMISE_REJECTED:
        JS_PromiseMarkAsHandled(ctx, promise);
        result = JS_Throw(ctx, JS_PromiseResult(ctx, promise));
        break;
    default:
        result = throw_code(ctx, JS_NewPlainError(ctx, "require() cannot be used on ES module %s, which has a top-level await; "
                                                  "use import()", text.name), "ERR_REQUIRE_ASYNC_MODULE");
    }
    JS_FreeValue(ctx, promise);
    return result;
}

static JSValue require_json(JSContext *ctx, uint32_t index)
{
    JSValue *slot = slot_of(ctx, index);

    if (!slot)
        return JS_EXCEPTION;
    if (JS_IsUndefined(*slot)) {
        JSValue value = modules_json(ctx, index);
        if (JS_IsException(value))
            return value;
        *slot = value;
    }
    return JS_DupValue(ctx, *slot);
}

static JSValue require_any(JSContext *ctx, uint32_t index)
{
    if (index >= PRELUDE_MODULES)
        return prelude_exports(ctx, prelude_name(index));
    switch (program_module(index).kind) {
    case MODULE_ES:
        return require_es(ctx, index);
    case MODULE_JSON:
        return require_json(ctx, index);
    case MODULE_COMMONJS:
        return commonjs_require(ctx, index);
    default:
        return prelude_exports(ctx, program_module(index).name);
    }
}

/* What the program does not have, from files that were granted. False, with the exception of before, if nobody looks there. */
static bool require_granted(JSContext *ctx, JSValueConst base, JSValueConst specifier, bool only, JSValue *value)
{
    JSValue before = JS_GetException(ctx), arguments[3] = { base, specifier, JS_NewBool(ctx, only) };
    JSValue found = loop_hook(ctx, "requireGranted", 3, (JSValueConst *)arguments);

    if (JS_IsUndefined(found)) {
        JS_Throw(ctx, before);
        return false;
    }
    *value = JS_IsException(found) ? found : JS_GetPropertyStr(ctx, found, "value");
    JS_FreeValue(ctx, found);
    JS_FreeValue(ctx, before);
    return true;
}

/* `require` and `require.resolve` (magic 1) of the module whose name is data[0]. */
static JSValue require(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    const char *base, *specifier;
    uint32_t index = NO_MODULE;
    bool computed = false;
    JSValue found;

    if (!JS_IsString(argv[0]))
        return throw_code(ctx, JS_NewTypeError(ctx, "The argument of require() must be a string"), "ERR_INVALID_ARG_TYPE");
    base = JS_ToCString(ctx, data[0]);
    specifier = JS_ToCString(ctx, argv[0]);
    if (base && specifier) {
        index = modules_resolve(ctx, base, specifier);
        computed = index == NO_MODULE && !modules_names(base, specifier);
    }
    JS_FreeCString(ctx, base);
    JS_FreeCString(ctx, specifier);
    if (computed && require_granted(ctx, data[0], argv[0], magic == 1, &found))
        return found;
    if (index == NO_MODULE) {
        JSValue error = JS_GetException(ctx);
        if (JS_IsError(error))
            JS_SetPropertyStr(ctx, error, "code", JS_NewString(ctx, "MODULE_NOT_FOUND"));
        return JS_Throw(ctx, error);
    }
    if (magic == 1)
        return index < program_modules() && program_module(index).kind != MODULE_BUILTIN
            ? modules_path(ctx, program_module(index).name) : JS_DupValue(ctx, argv[0]);
    return require_any(ctx, index);
}

JSValue commonjs_make_require(JSContext *ctx, JSValueConst name)
{
    JSValue function = JS_NewCFunctionData2(ctx, require, "require", 1, 0, 1, &name);
    JSValue *entry = program_modules() ? slot_of(ctx, program_entry()) : NULL;

    if (JS_IsException(function))
        return function;
    JS_SetPropertyStr(ctx, function, "resolve", JS_NewCFunctionData2(ctx, require, "resolve", 1, 1, 1, &name));
    JS_SetPropertyStr(ctx, function, "cache", JS_DupValue(ctx, cache));
    if (entry && program_module(program_entry()).kind == MODULE_COMMONJS)
        JS_SetPropertyStr(ctx, function, "main", JS_DupValue(ctx, *entry));
    return function;
}

static JSValue make_module(JSContext *ctx, JSValueConst name)
{
    JSValue module = JS_NewObject(ctx);

    if (JS_IsException(module))
        return module;
    JS_SetPropertyStr(ctx, module, "id", JS_DupValue(ctx, name));
    JS_SetPropertyStr(ctx, module, "filename", JS_DupValue(ctx, name));
    JS_SetPropertyStr(ctx, module, "loaded", JS_FALSE);
    JS_SetPropertyStr(ctx, module, "children", JS_NewArray(ctx));
    JS_SetPropertyStr(ctx, module, "paths", JS_NewArray(ctx));
    if (JS_SetPropertyStr(ctx, module, "exports", JS_NewObject(ctx)) < 0) {
        JS_FreeValue(ctx, module);
        return JS_EXCEPTION;
    }
    return module;
}

/* Compiles the module's code as the body of a function. */
static JSValue compile(JSContext *ctx, uint32_t index)
{
    struct module_text text = program_module(index);
    size_t head = sizeof wrapper_head - 1, tail = sizeof wrapper_tail - 1;
    JSEvalOptions options = { JS_EVAL_OPTIONS_VERSION, JS_EVAL_TYPE_GLOBAL, text.name, WRAPPER_FIRST_LINE };
    char *source = js_malloc(ctx, head + text.source_length + tail + 1);
    JSValue function;

    if (!source)
        return JS_EXCEPTION;
    memcpy(source, wrapper_head, head);
    memcpy(source + head, text.source, text.source_length);
    memcpy(source + head + text.source_length, wrapper_tail, tail + 1);
    if (text.source_length >= 2 && memcmp(text.source, "#!", 2) == 0)
        memcpy(source + head, "//", 2);
    program_alias(source, head, text.source, text.source_length);
    function = JS_Eval2(ctx, source, head + text.source_length + tail, &options);
    program_alias(NULL, 0, NULL, 0);
    js_free(ctx, source);
    return function;
}

/* Runs the module's code; -1 with an exception thrown. */
static int run(JSContext *ctx, uint32_t index, JSValueConst name, JSValueConst module)
{
    struct module_text text = program_module(index);
    JSValue function = compile(ctx, index), result = JS_EXCEPTION, args[5];

    if (JS_IsException(function))
        return -1;
    args[3] = modules_path(ctx, text.name);
    args[4] = modules_directory(ctx, text.name);
    args[0] = JS_GetPropertyStr(ctx, module, "exports");
    args[1] = commonjs_make_require(ctx, name);
    args[2] = JS_DupValue(ctx, module);
    if (!JS_IsException(args[1]))
        result = JS_Call(ctx, function, args[0], 5, (JSValueConst *)args);
    for (int i = 0; i < 5; i++)
        JS_FreeValue(ctx, args[i]);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? -1 : JS_SetPropertyStr(ctx, module, "loaded", JS_TRUE);
}

JSValue commonjs_require(JSContext *ctx, uint32_t index)
{
    struct module_text text = program_module(index);
    JSValue *slot = slot_of(ctx, index);
    JSValue name, path, module, exports;
    JSAtom key;
    int ran;

    if (!slot)
        return JS_EXCEPTION;
    if (!JS_IsUndefined(*slot))
        return JS_GetPropertyStr(ctx, *slot, "exports");
    name = JS_NewStringLen(ctx, text.name, text.name_length);
    path = modules_path(ctx, text.name);
    module = make_module(ctx, path);
    if (JS_IsException(module)) {
        JS_FreeValue(ctx, name);
        JS_FreeValue(ctx, path);
        return module;
    }
    *slot = JS_DupValue(ctx, module);
    key = JS_ValueToAtom(ctx, path);
    JS_SetProperty(ctx, cache, key, JS_DupValue(ctx, module));
    ran = run(ctx, index, name, module);
    JS_FreeValue(ctx, name);
    JS_FreeValue(ctx, path);
    if (ran < 0) {
        JSValue error = JS_GetException(ctx);
        JS_FreeValue(ctx, *slot);
        *slot = JS_UNDEFINED;
        JS_DeleteProperty(ctx, cache, key, 0);
        JS_FreeAtom(ctx, key);
        JS_FreeValue(ctx, module);
        return JS_Throw(ctx, error);
    }
    JS_FreeAtom(ctx, key);
    exports = JS_GetPropertyStr(ctx, module, "exports");
    JS_FreeValue(ctx, module);
    return exports;
}

/* Gives the ES side a variable for each enumerable export, besides those that importers have asked for already. */
static int export_properties(JSContext *ctx, JSModuleDef *module, JSValueConst exports)
{
    JSPropertyEnum *names;
    uint32_t count;
    int result = 0;

    if (!JS_IsObject(exports))
        return 0;
    if (JS_GetOwnPropertyNames(ctx, &names, &count, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
        return -1;
    for (uint32_t i = 0; i < count && result == 0; i++)
        result = b8g_module_declare(ctx, module, names[i].atom);
    JS_FreePropertyEnum(ctx, names, count);
    return result < 0 ? result : b8g_module_fill(ctx, module, exports);
}

int b8g_commonjs_init(JSContext *ctx, JSModuleDef *module)
{
    int32_t index;
    JSValue exports = JS_GetModulePrivateValue(ctx, module);

    if (JS_ToInt32(ctx, &index, exports) < 0)
        return -1;
    exports = commonjs_require(ctx, (uint32_t)index);
    if (JS_IsException(exports))
        return -1;
    if (JS_SetModuleExport(ctx, module, "default", JS_DupValue(ctx, exports)) < 0
        || export_properties(ctx, module, exports) < 0) {
        JS_FreeValue(ctx, exports);
        return -1;
    }
    JS_FreeValue(ctx, exports);
    return 0;
}
