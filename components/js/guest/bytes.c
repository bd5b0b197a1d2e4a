/* Primitives of `sys` that work on bytes: what a program does byte by byte in JavaScript costs it a hundred times as much.
 *
 * Strings are read as the engine keeps them, without a copy. Invariant: nothing here runs code of the program between
 * looking at a view and using its memory. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define PRIMITIVE(name) static JSValue name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)

struct bytes {
    uint8_t *start;
    size_t length;
};

static bool bytes_of(JSContext *ctx, JSValueConst value, struct bytes *bytes)
{
    if (b8g_bytes(value, &bytes->start, &bytes->length))
        return true;
    JS_ThrowTypeError(ctx, "an ArrayBuffer or a view on one is expected");
    return false;
}

/* latin1Decode(view, mask): a string of its bytes, each with `mask` */
PRIMITIVE(latin1_decode)
{
    struct bytes view;
    JSValue string;
    uint8_t *copy;
    int32_t mask;

    if (JS_ToInt32(ctx, &mask, argv[1]) < 0 || !bytes_of(ctx, argv[0], &view))
        return JS_EXCEPTION;
    if ((mask & 0xFF) == 0xFF)
        return b8g_string_latin1(ctx, view.start, view.length);
    copy = js_malloc(ctx, view.length + 1);
    if (!copy)
        return JS_EXCEPTION;
    for (size_t i = 0; i < view.length; i++)
        copy[i] = view.start[i] & mask;
    string = b8g_string_latin1(ctx, copy, view.length);
    js_free(ctx, copy);
    return string;
}

/* utf16Decode(view): a string of its little-endian units */
PRIMITIVE(utf16_decode)
{
    struct bytes view;
    JSValue string;
    uint16_t *copy;

    if (!bytes_of(ctx, argv[0], &view))
        return JS_EXCEPTION;
    copy = js_malloc(ctx, view.length + 2); /* it may lie at an odd address */
    if (!copy)
        return JS_EXCEPTION;
    memcpy(copy, view.start, view.length);
    string = JS_NewStringUTF16(ctx, copy, view.length / 2);
    js_free(ctx, copy);
    return string;
}

static uint32_t unit(struct string_units units, size_t at)
{
    return units.narrow ? units.narrow[at] : units.wide[at];
}

static size_t write_latin1(struct string_units units, struct bytes view)
{
    size_t count = units.length < view.length ? units.length : view.length;

    if (units.narrow)
        memcpy(view.start, units.narrow, count);
    else
        for (size_t i = 0; i < count; i++)
            view.start[i] = (uint8_t)units.wide[i];
    return count;
}

static size_t write_utf16(struct string_units units, struct bytes view)
{
    size_t count = units.length < view.length / 2 ? units.length : view.length / 2;

    for (size_t i = 0; i < count; i++) {
        uint32_t one = unit(units, i);
        view.start[i * 2] = (uint8_t)one;
        view.start[i * 2 + 1] = (uint8_t)(one >> 8);
    }
    return count * 2;
}

static int hex_digit(uint32_t c)
{
    return c >= '0' && c <= '9' ? (int)(c - '0') : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (int)((c | 0x20) - 'a' + 10) : -1;
}

/* As far as there are pairs of digits. */
static size_t write_hex(struct string_units units, struct bytes view)
{
    size_t count = units.length / 2 < view.length ? units.length / 2 : view.length;

    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(unit(units, i * 2)), low = hex_digit(unit(units, i * 2 + 1));
        if (high < 0 || low < 0)
            return i;
        view.start[i] = (uint8_t)(high << 4 | low);
    }
    return count;
}

static int base64_digit(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (int)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (int)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (int)(c - '0' + 52);
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Both alphabets; what belongs to neither is passed over, and `=` ends it. */
static size_t write_base64(struct string_units units, struct bytes view)
{
    uint32_t bits = 0;
    size_t used = 0;
    int have = 0;

    for (size_t i = 0; i < units.length && used < view.length; i++) {
        uint32_t c = unit(units, i);
        int digit = base64_digit(c);
        if (c == '=')
            break;
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            view.start[used++] = (uint8_t)(bits >> have);
        }
    }
    return used;
}

/* encodeInto(string, view, how): the number of bytes written; `how` is the place of the encoding in this table */
PRIMITIVE(encode_into)
{
    static size_t (*const writers[])(struct string_units, struct bytes) = { write_latin1, write_utf16, write_hex, write_base64 };
    JSValue string = JS_ToString(ctx, argv[0]);
    struct bytes view;
    uint32_t how;
    size_t written;

    if (JS_IsException(string))
        return string;
    if (JS_ToUint32(ctx, &how, argv[2]) < 0 || how >= sizeof writers / sizeof writers[0] || !bytes_of(ctx, argv[1], &view)) {
        JS_FreeValue(ctx, string);
        return JS_EXCEPTION;
    }
    written = writers[how](b8g_string_units(string), view);
    JS_FreeValue(ctx, string);
    return JS_NewInt64(ctx, (int64_t)written);
}

/* utf8Length(string): the bytes of its UTF-8 */
PRIMITIVE(utf8_length)
{
    JSValue string = JS_ToString(ctx, argv[0]);
    struct string_units units;
    size_t length = 0;

    if (JS_IsException(string))
        return string;
    units = b8g_string_units(string);
    for (size_t i = 0; i < units.length; i++) {
        uint32_t one = unit(units, i);
        length += one < 0x80 ? 1 : one < 0x800 ? 2 : 3;
        if ((one & 0xFC00) == 0xD800 && i + 1 < units.length && (unit(units, i + 1) & 0xFC00) == 0xDC00) {
            length++;
            i++;
        }
    }
    JS_FreeValue(ctx, string);
    return JS_NewInt64(ctx, (int64_t)length);
}

/* compare(a, b): -1, 0 or 1 */
PRIMITIVE(compare)
{
    struct bytes a, b;
    int order;

    if (!bytes_of(ctx, argv[0], &a) || !bytes_of(ctx, argv[1], &b))
        return JS_EXCEPTION;
    order = memcmp(a.start, b.start, a.length < b.length ? a.length : b.length);
    if (order == 0)
        order = (a.length > b.length) - (a.length < b.length);
    return JS_NewInt32(ctx, (order > 0) - (order < 0));
}

static bool matches(struct bytes hay, struct bytes needle, size_t at, size_t step)
{
    return at % step == 0 && memcmp(hay.start + at, needle.start, needle.length) == 0;
}

/* findBytes(view, needle, from, backwards, step): where the needle begins, a multiple of `step`, or -1 */
PRIMITIVE(find)
{
    struct bytes hay, needle;
    int64_t from, step;
    bool backwards = JS_ToBool(ctx, argv[3]) == 1;
    size_t last;

    if (JS_ToInt64Ext(ctx, &from, argv[2]) < 0 || JS_ToInt64Ext(ctx, &step, argv[4]) < 0
        || !bytes_of(ctx, argv[0], &hay) || !bytes_of(ctx, argv[1], &needle))
        return JS_EXCEPTION;
    if (needle.length == 0 || needle.length > hay.length || from < 0 || step < 1)
        return JS_NewInt32(ctx, -1);
    last = hay.length - needle.length;
    if (backwards) {
        for (size_t at = (uint64_t)from < last ? (size_t)from : last; ; at--) {
            if (matches(hay, needle, at, (size_t)step))
                return JS_NewInt64(ctx, (int64_t)at);
            if (at == 0)
                return JS_NewInt32(ctx, -1);
        }
    }
    for (size_t at = (size_t)from; (uint64_t)from <= last && at <= last; at++) {
        const uint8_t *first = memchr(hay.start + at, needle.start[0], last - at + 1);
        if (!first)
            break;
        at = (size_t)(first - hay.start);
        if (matches(hay, needle, at, (size_t)step))
            return JS_NewInt64(ctx, (int64_t)at);
    }
    return JS_NewInt32(ctx, -1);
}

static const JSCFunctionListEntry primitives[] = {
    JS_CFUNC_DEF("latin1Decode", 2, latin1_decode),
    JS_CFUNC_DEF("utf16Decode", 1, utf16_decode),
    JS_CFUNC_DEF("encodeInto", 3, encode_into),
    JS_CFUNC_DEF("utf8Length", 1, utf8_length),
    JS_CFUNC_DEF("compare", 2, compare),
    JS_CFUNC_DEF("findBytes", 5, find),
};

void bytes_primitives(JSContext *ctx, JSValueConst sys)
{
    JS_SetPropertyFunctionList(ctx, sys, primitives, sizeof primitives / sizeof primitives[0]);
}
