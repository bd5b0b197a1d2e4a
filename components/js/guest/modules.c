/* Modules of the program for the engine's module loader: which module a specifier means, and how each kind is made.
 *
 * The frontend has resolved every import it could see; a computed `import()` is looked up among the modules that are in
 * the program anyway. Invariant: no module comes from anywhere but the PROGRAM blob and the prelude. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a specifier means ---- */

static void throw_not_found(JSContext *ctx, const char *base, const char *specifier)
{
    JSValue error = JS_NewPlainError(ctx, "Cannot find module '%s' imported from %s", specifier, base);

    if (JS_IsException(error))
        return;
    JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, "ERR_MODULE_NOT_FOUND"),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
    JS_Throw(ctx, error);
}

/* Joins a relative specifier to the directory of `base`, without `.` and `..` where they can be taken away. */
static char *join(JSContext *ctx, const char *base, const char *specifier)
{
    const char *slash = strrchr(base, '/');
    size_t used = slash ? (size_t)(slash - base) : 0;
    char *path = js_malloc(ctx, used + strlen(specifier) + 2);

    if (!path)
        return NULL;
    memcpy(path, base, used);
    for (const char *part = specifier; part;) {
        const char *end = strchr(part, '/');
        size_t length = end ? (size_t)(end - part) : strlen(part);
        bool up = length == 2 && memcmp(part, "..", 2) == 0;
        if (up && used > 0 && !(used >= 2 && memcmp(path + used - 2, "..", 2) == 0)) {
            while (used > 0 && path[used - 1] != '/')
                used--;
            used -= used > 0;
        } else if (length > 0 && !(length == 1 && part[0] == '.')) {
            if (used > 0 || (slash && slash == base))
                path[used++] = '/';
            memcpy(path + used, part, length);
            used += length;
        }
        part = end ? end + 1 : NULL;
    }
    path[used] = 0;
    return path;
}

const char *modules_name(const char *specifier)
{
    static const char scheme[] = "file://", directory[] = WORKING_DIRECTORY "/";

    if (strncmp(specifier, scheme, sizeof scheme - 1) == 0)
        specifier += sizeof scheme - 1;
    return strncmp(specifier, directory, sizeof directory - 1) == 0 ? specifier + sizeof directory - 1 : specifier;
}

uint32_t modules_resolve(JSContext *ctx, const char *base, const char *specifier)
{
    uint32_t from = program_find(base, strlen(base)), target = NO_MODULE;

    if (from != NO_MODULE && program_import(from, specifier, strlen(specifier), &target)) {
        if (target == NO_MODULE)
            throw_not_found(ctx, base, specifier);
        return target;
    }
    target = program_find(modules_name(specifier), strlen(modules_name(specifier)));
    if (target == NO_MODULE)
        target = prelude_find(specifier);
    if (target == NO_MODULE && specifier[0] == '.') {
        char *path = join(ctx, base, specifier);
        if (!path)
            return NO_MODULE;
        target = program_find(modules_name(path), strlen(modules_name(path)));
        js_free(ctx, path);
    }
    if (target == NO_MODULE)
        throw_not_found(ctx, base, specifier);
    return target;
}

bool modules_names(const char *base, const char *specifier)
{
    uint32_t from = program_find(base, strlen(base)), target;

    return from != NO_MODULE && program_import(from, specifier, strlen(specifier), &target);
}

static const char *module_name(uint32_t index)
{
    return index >= PRELUDE_MODULES ? prelude_name(index) : program_module(index).name;
}

static char *normalise(JSContext *ctx, const char *base, const char *specifier, void *opaque)
{
    uint32_t index = modules_resolve(ctx, base, specifier);

    return index == NO_MODULE ? NULL : js_strdup(ctx, module_name(index));
}

/* ---- the kinds ---- */

JSValue modules_json(JSContext *ctx, uint32_t index)
{
    struct module_text text = program_module(index);

    return JS_ParseJSON(ctx, text.source, text.source_length, text.name);
}

static int json_init(JSContext *ctx, JSModuleDef *module)
{
    int32_t index;
    JSValue value = JS_GetModulePrivateValue(ctx, module);

    if (JS_ToInt32(ctx, &index, value) < 0)
        return -1;
    value = modules_json(ctx, (uint32_t)index);
    if (JS_IsException(value))
        return -1;
    return JS_SetModuleExport(ctx, module, "default", value);
}

/* Calls `each` with every export of a module of the prelude. */
static int prelude_each(JSContext *ctx, JSModuleDef *module, JSValueConst exports,
                        int (*each)(JSContext *, JSModuleDef *, JSValueConst, JSAtom))
{
    JSPropertyEnum *names;
    uint32_t count;
    int result = 0;

    if (JS_GetOwnPropertyNames(ctx, &names, &count, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
        return -1;
    for (uint32_t i = 0; i < count && result == 0; i++)
        result = each(ctx, module, exports, names[i].atom);
    JS_FreePropertyEnum(ctx, names, count);
    return result;
}

/* A module of Node's exports the whole of its exports as `default` too. */
static bool exports_itself(JSContext *ctx, const char *name, JSValueConst exports)
{
    JSAtom atom = JS_NewAtom(ctx, "default");
    bool own = JS_GetOwnProperty(ctx, NULL, exports, atom) == 1;

    JS_FreeAtom(ctx, atom);
    return !own && strncmp(name, "node:", 5) == 0;
}

static int prelude_declare(JSContext *ctx, JSModuleDef *module, JSValueConst exports, JSAtom name)
{
    const char *text = JS_AtomToCString(ctx, name);
    int result = text ? JS_AddModuleExport(ctx, module, text) : -1;

    JS_FreeCString(ctx, text);
    return result;
}

static int prelude_define(JSContext *ctx, JSModuleDef *module, JSValueConst exports, JSAtom name)
{
    const char *text = JS_AtomToCString(ctx, name);
    JSValue value = text ? JS_GetProperty(ctx, exports, name) : JS_EXCEPTION;
    int result = JS_IsException(value) ? -1 : JS_SetModuleExport(ctx, module, text, value);

    JS_FreeCString(ctx, text);
    return result;
}

static int prelude_init(JSContext *ctx, JSModuleDef *module)
{
    JSAtom atom = JS_GetModuleName(ctx, module);
    const char *name = JS_AtomToCString(ctx, atom);
    JSValue exports = name ? prelude_exports(ctx, name) : JS_EXCEPTION;
    int result = JS_IsException(exports) ? -1 : prelude_each(ctx, module, exports, prelude_define);

    if (result == 0 && exports_itself(ctx, name, exports))
        result = JS_SetModuleExport(ctx, module, "default", JS_DupValue(ctx, exports));
    JS_FreeValue(ctx, exports);
    JS_FreeCString(ctx, name);
    JS_FreeAtom(ctx, atom);
    return result;
}

static JSModuleDef *load_prelude(JSContext *ctx, const char *name)
{
    JSModuleDef *module = JS_NewCModule(ctx, name, prelude_init);
    JSValue exports = module ? prelude_exports(ctx, name) : JS_EXCEPTION;
    int result = JS_IsException(exports) ? -1 : prelude_each(ctx, module, exports, prelude_declare);

    if (result == 0 && exports_itself(ctx, name, exports))
        result = JS_AddModuleExport(ctx, module, "default");
    JS_FreeValue(ctx, exports);
    return result < 0 ? NULL : module;
}

static JSModuleDef *load_native(JSContext *ctx, uint32_t index, JSModuleInitFunc *init)
{
    JSModuleDef *module = JS_NewCModule(ctx, module_name(index), init);

    if (!module || JS_SetModulePrivateValue(ctx, module, JS_NewInt32(ctx, (int32_t)index)) < 0)
        return NULL;
    return JS_AddModuleExport(ctx, module, "default") < 0 ? NULL : module;
}

static JSModuleDef *load_source(JSContext *ctx, uint32_t index)
{
    struct module_text text = program_module(index);
    JSValue value = JS_Eval(ctx, text.source, text.source_length, text.name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    JSModuleDef *module;

    if (JS_IsException(value))
        return NULL;
    module = JS_VALUE_GET_PTR(value);
    JS_FreeValue(ctx, value); /* the context keeps its modules */
    return module;
}

static JSModuleDef *load_index(JSContext *ctx, uint32_t index)
{
    if (index >= PRELUDE_MODULES)
        return load_prelude(ctx, prelude_name(index));
    switch (program_module(index).kind) {
    case MODULE_JSON:
        return load_native(ctx, index, json_init);
    case MODULE_COMMONJS:
        return load_native(ctx, index, b8g_commonjs_init);
    case MODULE_BUILTIN:
        return load_prelude(ctx, program_module(index).name);
    default:
        return load_source(ctx, index);
    }
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    uint32_t index = program_find(name, strlen(name));

    if (index == NO_MODULE)
        index = prelude_find(name);
    return load_index(ctx, index);
}

JSValue modules_run(JSContext *ctx, uint32_t index)
{
    JSModuleDef *module = b8g_module_find(ctx, module_name(index));

    if (!module)
        module = load_index(ctx, index);
    return module ? b8g_module_evaluate(ctx, module) : JS_EXCEPTION;
}

JSValue modules_namespace(JSContext *ctx, uint32_t index)
{
    JSModuleDef *module = b8g_module_find(ctx, module_name(index));

    return module ? JS_GetModuleNamespace(ctx, module) : JS_UNDEFINED;
}

/* ---- import.meta ---- */

/* A text for the name of a module, which is relative to the working directory if it does not begin with `/`. */
static JSValue absolute(JSContext *ctx, const char *name, size_t length)
{
    static const char directory[] = WORKING_DIRECTORY "/";
    size_t head = name[0] == '/' ? 0 : length ? sizeof directory - 1 : sizeof directory - 2;
    char *path;
    JSValue value;

    if (head == 0)
        return JS_NewStringLen(ctx, name, length);
    path = js_malloc(ctx, head + length);
    if (!path)
        return JS_EXCEPTION;
    memcpy(path, directory, head);
    memcpy(path + head, name, length);
    value = JS_NewStringLen(ctx, path, head + length);
    js_free(ctx, path);
    return value;
}

JSValue modules_path(JSContext *ctx, const char *name)
{
    return absolute(ctx, name, strlen(name));
}

JSValue modules_directory(JSContext *ctx, const char *name)
{
    const char *slash = strrchr(name, '/');

    return absolute(ctx, name, slash == name ? 1 : slash ? (size_t)(slash - name) : 0);
}

static JSValue module_url(JSContext *ctx, const char *name)
{
    static const char head[] = "file://" WORKING_DIRECTORY "/";
    static const char hex[] = "0123456789ABCDEF", plain[] = "-._~/!$&'()*+,;=:@";
    char *url = js_malloc(ctx, sizeof head + strlen(name) * 3);
    size_t used;
    JSValue value;

    if (!url)
        return JS_EXCEPTION;
    memcpy(url, head, sizeof head - 1);
    used = name[0] == '/' ? sizeof "file://" - 1 : sizeof head - 1;
    for (const uint8_t *p = (const uint8_t *)name; *p; p++) {
        bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
        if (letter || (*p >= '0' && *p <= '9') || strchr(plain, *p)) {
            url[used++] = (char)*p;
        } else {
            url[used++] = '%';
            url[used++] = hex[*p >> 4];
            url[used++] = hex[*p & 15];
        }
    }
    value = JS_NewStringLen(ctx, url, used);
    js_free(ctx, url);
    return value;
}

static JSValue meta_resolve(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    const char *base = JS_ToCString(ctx, data[0]), *specifier = JS_ToCString(ctx, argv[0]);
    JSValue url = JS_EXCEPTION;
    uint32_t index;

    if (base && specifier) {
        index = modules_resolve(ctx, base, specifier);
        if (index >= PRELUDE_MODULES || program_module(index).kind == MODULE_BUILTIN)
            url = index == NO_MODULE ? JS_EXCEPTION : JS_NewString(ctx, module_name(index));
        else
            url = module_url(ctx, module_name(index));
    }
    JS_FreeCString(ctx, base);
    JS_FreeCString(ctx, specifier);
    return url;
}

static int meta_define(JSContext *ctx, JSValueConst meta, const char *name, JSValue value)
{
    if (JS_IsException(value))
        return -1;
    return JS_DefinePropertyValueStr(ctx, meta, name, value, JS_PROP_C_W_E);
}

int b8g_fill_import_meta(JSContext *ctx, JSModuleDef *module, JSValueConst meta)
{
    JSAtom atom = JS_GetModuleName(ctx, module);
    const char *name = JS_AtomToCString(ctx, atom);
    uint32_t index = name ? program_find(name, strlen(name)) : NO_MODULE;
    JSValue text = name ? JS_NewString(ctx, name) : JS_EXCEPTION;
    int result = -1;

    JS_FreeAtom(ctx, atom);
    if (!JS_IsException(text)) {
        JSValue resolve = JS_NewCFunctionData2(ctx, meta_resolve, "resolve", 1, 0, 1, (JSValueConst *)&text);
        result = meta_define(ctx, meta, "url", module_url(ctx, name)) < 0
            || meta_define(ctx, meta, "filename", modules_path(ctx, name)) < 0
            || meta_define(ctx, meta, "dirname", modules_directory(ctx, name)) < 0
            || meta_define(ctx, meta, "main", JS_NewBool(ctx, index != NO_MODULE && index == program_entry())) < 0
            || meta_define(ctx, meta, "resolve", resolve) < 0 ? -1 : 0;
        JS_FreeValue(ctx, text);
    }
    JS_FreeCString(ctx, name);
    return result;
}

void modules_setup(JSContext *ctx)
{
    JS_SetModuleLoaderFunc(JS_GetRuntime(ctx), normalise, load, NULL);
}
