/* The part of the guest that lives inside quickjs.c, because it needs the engine's private types.
 *
 * Included at the end of quickjs.c by ../patches; see hooks.h for what each function is for. */

static struct list_head b8g_sealed; /* the objects of the pre-initialised heap */

JSValue b8g_async_context = JS_UNDEFINED;

JSValue b8g_async_enter(JSValue context)
{
    JSValue outer = b8g_async_context;

    b8g_async_context = context;
    return outer;
}

void b8g_async_leave(JSContext *ctx, JSValue outer)
{
    JSValue inner = b8g_async_context;

    b8g_async_context = outer;
    JS_FreeValue(ctx, inner);
}

JSValue b8g_string_latin1(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    if (length > JS_STRING_LEN_MAX)
        return JS_ThrowRangeError(ctx, "invalid string length");
    return js_new_string8_len(ctx, (const char *)bytes, (int)length);
}

struct string_units b8g_string_units(JSValueConst value)
{
    JSString *string = JS_VALUE_GET_STRING(value);

    if (string->is_wide_char)
        return (struct string_units){ NULL, str16(string), string->len };
    return (struct string_units){ str8(string), NULL, string->len };
}

JSValue b8g_lexicals(JSContext *ctx)
{
    JSObject *scope = JS_VALUE_GET_OBJ(ctx->global_var_obj);
    JSShapeProperty *prs = get_shape_prop(scope->shape);
    JSValue names = JS_NewObjectProto(ctx, JS_NULL);

    for (int i = 0; i < scope->shape->prop_count && !JS_IsException(names); i++, prs++)
        if (prs->atom != JS_ATOM_NULL && !JS_IsUninitialized(scope->prop[i].u.value))
            JS_DefinePropertyValue(ctx, names, prs->atom, js_dup(scope->prop[i].u.value), JS_PROP_C_W_E);
    return names;
}

JSModuleDef *b8g_module_find(JSContext *ctx, const char *name)
{
    JSAtom atom = JS_NewAtom(ctx, name);
    JSModuleDef *module;

    if (atom == JS_ATOM_NULL)
        return NULL;
    module = js_find_loaded_module_by_name(ctx, atom);
    JS_FreeAtom(ctx, atom);
    return module;
}

enum module_progress b8g_module_progress(const JSModuleDef *module)
{
    switch (module->status) {
    case JS_MODULE_STATUS_UNLINKED:
    case JS_MODULE_STATUS_LINKED:
        return MODULE_FRESH;
    case JS_MODULE_STATUS_LINKING:
    case JS_MODULE_STATUS_EVALUATING:
        return MODULE_BUSY;
    default:
        return MODULE_DONE;
    }
}

JSValue b8g_module_evaluate(JSContext *ctx, JSModuleDef *module)
{
    if (js_resolve_module(ctx, module) < 0) {
        js_free_modules(ctx, JS_FREE_MODULE_NOT_RESOLVED);
        return JS_EXCEPTION;
    }
    return JS_EvalFunction(ctx, JS_NewModuleValue(ctx, module));
}

/* Adds an export to a CommonJS module: its names are known only when it has run, so whoever asks gets a variable. */
static JSExportEntry *b8g_request_export(JSContext *ctx, JSModuleDef *module, JSAtom name)
{
    JSExportEntry *entry = add_export_entry2(ctx, NULL, module, JS_ATOM_NULL, name, JS_EXPORT_TYPE_LOCAL);

    if (entry && module->func_created) {
        entry->u.local.var_ref = js_create_module_var(ctx, false);
        if (!entry->u.local.var_ref) {
            JS_FreeAtom(ctx, entry->export_name);
            module->export_entries_count--;
            return NULL;
        }
    }
    return entry;
}

/* Adds a variable to a namespace object that was made before the module had run. */
static int b8g_namespace_add(JSContext *ctx, JSModuleDef *module, JSExportEntry *entry)
{
    JSObject *object;
    JSProperty *property;

    if (!JS_IsObject(module->module_ns))
        return 0;
    object = JS_VALUE_GET_OBJ(module->module_ns);
    if (find_own_property1(object, entry->export_name))
        return 0;
    property = add_property(ctx, object, entry->export_name, JS_PROP_ENUMERABLE | JS_PROP_WRITABLE | JS_PROP_VARREF);
    if (!property)
        return -1;
    property->u.var_ref = entry->u.local.var_ref;
    JS_REF_COUNT(property->u.var_ref)++;
    return 0;
}

int b8g_module_declare(JSContext *ctx, JSModuleDef *module, JSAtom name)
{
    JSExportEntry *entry = find_export_entry(ctx, module, name);

    if (!entry)
        entry = b8g_request_export(ctx, module, name);
    if (!entry || !entry->u.local.var_ref)
        return -1;
    return b8g_namespace_add(ctx, module, entry);
}

int b8g_module_fill(JSContext *ctx, JSModuleDef *module, JSValueConst exports)
{
    /* a getter may import the module again and so add exports: the table can move */
    for (int i = 0; i < module->export_entries_count; i++) {
        JSAtom name = module->export_entries[i].export_name;
        JSValue value;

        if (name == JS_ATOM_default)
            continue;
        value = JS_GetProperty(ctx, exports, name);
        if (JS_IsException(value)) {
            JS_FreeValue(ctx, JS_GetException(ctx));
            value = JS_UNDEFINED;
        }
        set_value(ctx, module->export_entries[i].u.local.var_ref->pvalue, value);
    }
    return 0;
}

JSValue b8g_plain_property(JSContext *ctx, JSValueConst value, JSAtom name)
{
    JSObject *object;
    JSShapeProperty *shape;
    JSProperty *property;

    if (!JS_IsObject(value))
        return JS_UNDEFINED;
    for (object = JS_VALUE_GET_OBJ(value); object; object = object->shape->proto) {
        if (object->class_id == JS_CLASS_PROXY)
            return JS_UNDEFINED;
        shape = find_own_property(&property, object, name);
        if (!shape)
            continue;
        if ((shape->flags & JS_PROP_TMASK) == JS_PROP_AUTOINIT) {
            if (JS_AutoInitProperty(ctx, object, name, property, shape) < 0) {
                JS_FreeValue(ctx, JS_GetException(ctx));
                return JS_UNDEFINED;
            }
            shape = find_own_property(&property, object, name);
        }
        if (shape && (shape->flags & JS_PROP_TMASK) == JS_PROP_NORMAL)
            return js_dup(property->u.value);
        return JS_UNDEFINED;
    }
    return JS_UNDEFINED;
}

bool b8g_is_error(JSValueConst value)
{
    JSClassID id = JS_GetClassID(value);

    return id == JS_CLASS_ERROR || id == JS_CLASS_DOM_EXCEPTION;
}

JSValue b8g_error_property(JSContext *ctx, JSValueConst error, JSAtom name)
{
    if (JS_GetClassID(error) == JS_CLASS_DOM_EXCEPTION) {
        JSDOMExceptionData *data = JS_GetOpaque(error, JS_CLASS_DOM_EXCEPTION);
        if (data && name == JS_ATOM_name)
            return js_dup(data->name);
        if (data && name == JS_ATOM_message)
            return js_dup(data->message);
    }
    return b8g_plain_property(ctx, error, name);
}

JSValue b8g_error_frames(JSContext *ctx, JSValueConst error)
{
    JSObject *object;

    if (!JS_IsObject(error))
        return JS_UNDEFINED;
    object = JS_VALUE_GET_OBJ(error);
    if (object->class_id == JS_CLASS_ERROR && JS_IsString(object->u.object_data))
        return js_dup(object->u.object_data);
    return JS_UNDEFINED;
}

/* Frames that are told of a context that was stopped. */
#define FRAMES_TOLD 10

/* The name of a function, if it has a plain one: those of methods come when they are defined. */
static void name_of(JSRuntime *rt, JSObject *function, JSFunctionBytecode *b, char *name, size_t room)
{
    JSProperty *property;
    JSShapeProperty *shape = find_own_property(&property, function, JS_ATOM_name);
    struct string_units units;
    size_t length = 0;

    JS_AtomGetStrRT(rt, name, (int)room, b->func_name);
    if (!shape || (shape->flags & JS_PROP_TMASK) != JS_PROP_NORMAL || !JS_IsString(property->u.value) ||
        JS_VALUE_GET_TAG(property->u.value) != JS_TAG_STRING)
        return;
    units = b8g_string_units(property->u.value);
    if (units.length == 0 || units.length >= room)
        return;
    for (; length < units.length; length++) {
        uint32_t unit = units.narrow ? units.narrow[length] : units.wide[length];
        name[length] = unit >= 0x20 && unit < 0x7F ? (char)unit : '?';
    }
    name[length] = '\0';
}

size_t b8g_where(JSContext *ctx, char *text, size_t room)
{
    char file[256], name[128];
    size_t length = 0;
    int told = 0, line, column, added;

    for (JSStackFrame *sf = ctx->rt->current_stack_frame; sf && told < FRAMES_TOLD; sf = sf->prev_frame) {
        JSObject *function = JS_IsObject(sf->cur_func) ? JS_VALUE_GET_OBJ(sf->cur_func) : NULL;
        JSFunctionBytecode *b;
        bool named;

        if (!function || !js_class_has_bytecode(function->class_id) || is_stripped_frame(sf))
            continue;
        b = function->u.func.function_bytecode;
        if (!b->filename)
            continue;
        JS_AtomGetStrRT(ctx->rt, file, sizeof file, b->filename);
        name_of(ctx->rt, function, b, name, sizeof name);
        line = find_line_num(ctx, b, sf->cur_pc ? (uint32_t)(sf->cur_pc - b->byte_code_buf - 1) : 0, &column);
        b8g_map_position(file, &line, &column);
        named = name[0] && name[0] != '<';
        added = snprintf(text + length, room - length, named ? "\n    at %s (%s:%d:%d)" : "\n    at %s%s:%d:%d", named ? name : "", file,
                         line, column);
        if (added < 0 || (size_t)added >= room - length)
            break;
        length += (size_t)added;
        told++;
    }
    return length;
}

JSValue b8g_thrown_frames(JSContext *ctx)
{
    return js_dup(ctx->error_back_trace);
}

bool b8g_bytes(JSValueConst value, uint8_t **bytes, size_t *length)
{
    JSObject *object;
    JSTypedArray *view;
    JSArrayBuffer *buffer;
    uint32_t end;

    if (!JS_IsObject(value))
        return false;
    object = JS_VALUE_GET_OBJ(value);
    if (object->class_id == JS_CLASS_ARRAY_BUFFER || object->class_id == JS_CLASS_SHARED_ARRAY_BUFFER) {
        buffer = object->u.array_buffer;
        *bytes = buffer->data;
        *length = buffer->byte_length;
        return !buffer->detached;
    }
    if (!is_typed_array(object->class_id) && object->class_id != JS_CLASS_DATAVIEW)
        return false;
    view = object->u.typed_array;
    buffer = view->buffer->u.array_buffer;
    end = buffer->byte_length;
    if (buffer->detached || view->offset > end)
        return false;
    *bytes = buffer->data + view->offset;
    *length = end - view->offset;
    if (is_typed_array(object->class_id))
        *length &= ~(((size_t)1 << typed_array_size_log2(object->class_id)) - 1);
    if (!view->track_rab) {
        if (view->length > *length)
            return false;
        *length = view->length;
    }
    return true;
}

static void b8g_strip_function(JSRuntime *rt, JSFunctionBytecode *function)
{
    js_free_rt(rt, function->source);
    function->source = NULL;
    function->source_len = 0;
    js_free_rt(rt, function->pc2line_buf);
    function->pc2line_buf = NULL;
    function->pc2line_len = 0;
    JS_FreeAtomRT(rt, function->filename);
    function->filename = JS_ATOM_NULL; /* by which a stack trace knows that there is nothing to say */
}

/* The blocks that are free in the image's arenas lie in many pages: nothing is allocated from them any more. An arena
 * that was full gets new blocks when one of its own is freed, because that page is the context's own then. */
static void b8g_seal_arenas(JSRuntime *rt)
{
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++) {
        struct list_head *arenas = &rt->arena_state.arena_list[i], *el, *next;

        list_for_each_safe(el, next, arenas) {
            JSArena *arena = list_entry(el, JSArena, link);

            init_list_head(&arena->link);
            init_list_head(&arena->free_link);
        }
        init_list_head(arenas);
        init_list_head(&rt->arena_state.free_arena_list[i]);
    }
}

/* The collector counts references by writing to every object on its list. Objects of the pre-initialised heap live as
 * long as the context, so they leave the list: a collection then touches only what the program made, and the pages of
 * the prelude stay shared among all contexts. Their children keep the references they hold: they are roots. One more
 * reference makes sure that none of them is ever freed. Shapes do without it: a shape that is used once may be changed
 * in place. */
void b8g_seal(JSRuntime *rt, bool strip)
{
    struct list_head *el;

    JS_RunGC(rt);
    list_for_each(el, &rt->gc_obj_list) {
        JSGCObjectHeader *header = list_entry(el, JSGCObjectHeader, link);

        if (strip && JS_GC_TYPE(header) == JS_GC_OBJ_TYPE_FUNCTION_BYTECODE)
            b8g_strip_function(rt, (JSFunctionBytecode *)header);
        if (JS_GC_TYPE(header) != JS_GC_OBJ_TYPE_SHAPE)
            JS_REF_COUNT(header)++;
    }
    init_list_head(&b8g_sealed);
    if (!list_empty(&rt->gc_obj_list)) {
        b8g_sealed.next = rt->gc_obj_list.next;
        b8g_sealed.prev = rt->gc_obj_list.prev;
        b8g_sealed.next->prev = &b8g_sealed;
        b8g_sealed.prev->next = &b8g_sealed;
        init_list_head(&rt->gc_obj_list);
    }
    b8g_seal_arenas(rt);
}

void b8g_wipe(JSRuntime *rt)
{
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++) {
        struct list_head *el;

        list_for_each(el, &rt->arena_state.free_arena_list[i]) {
            JSArena *arena = list_entry(el, JSArena, free_link);
            unsigned int size = arena_block_sizes[i];

            for (unsigned int at = arena->first_free_block; at != JS_ARENA_FREE_NIL;) {
                JSMallocBlockHeader *block = arena_get_block(arena, at, size);

                at = block->u.free_next;
                memset(block->user_data, 0, size - sizeof *block);
            }
        }
    }
}

void b8g_reseed(JSContext *ctx, uint32_t seed)
{
    ctx->hash_seed = seed;
}

void b8g_forget_random(JSContext *ctx)
{
    ctx->random_state = 0;
}

bool b8g_callee(JSContext *ctx, char name[B8G_CALLEE_ROOM])
{
    JSStackFrame *frame = ctx->rt->current_stack_frame;
    JSFunctionBytecode *code;
    const char *module;
    JSObject *function;
    int line, column;
    bool found;

    if (!frame || !frame->cur_pc || JS_VALUE_GET_TAG(frame->cur_func) != JS_TAG_OBJECT)
        return false;
    function = JS_VALUE_GET_OBJ(frame->cur_func);
    if (!js_class_has_bytecode(function->class_id))
        return false;
    code = function->u.func.function_bytecode;
    if (!code->filename)
        return false;
    line = find_line_num(ctx, code, (uint32_t)(frame->cur_pc - code->byte_code_buf - 1), &column);
    module = JS_AtomToCString(ctx, code->filename);
    if (!module) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return false;
    }
    found = b8g_callee_at(module, line, column, name);
    JS_FreeCString(ctx, module);
    return found;
}
