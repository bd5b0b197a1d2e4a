/* Strings to UTF-8 and back, as the encoding standard wants it: what cannot be encoded becomes U+FFFD.
 *
 * The engine keeps lone surrogates as three bytes of their own, and decodes invalid bytes in its own way; both are
 * corrected here. Invariant: no text leaves the context that is not valid UTF-8. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t replacement[3] = { 0xEF, 0xBF, 0xBD };

/* The first lone surrogate at or after `from`; the length if there is none. */
static size_t find_surrogate(const uint8_t *bytes, size_t length, size_t from)
{
    while (from + 2 < length) {
        const uint8_t *found = memchr(bytes + from, 0xED, length - from - 2);
        if (!found)
            return length;
        if (found[1] >= 0xA0)
            return (size_t)(found - bytes);
        from = (size_t)(found - bytes) + 1;
    }
    return length;
}

bool text_of(JSContext *ctx, JSValueConst value, struct text *text)
{
    size_t at;

    text->copy = NULL;
    text->engine = JS_ToCStringLen(ctx, &text->length, value);
    text->bytes = text->engine;
    if (!text->engine)
        return false;
    at = find_surrogate((const uint8_t *)text->bytes, text->length, 0);
    if (at == text->length)
        return true;
    text->copy = malloc(text->length + 1);
    if (!text->copy) {
        JS_FreeCString(ctx, text->engine);
        JS_ThrowOutOfMemory(ctx);
        return false;
    }
    memcpy(text->copy, text->bytes, text->length + 1);
    for (; at < text->length; at = find_surrogate((uint8_t *)text->copy, text->length, at + 3))
        memcpy(text->copy + at, replacement, sizeof replacement);
    text->bytes = text->copy;
    return true;
}

void text_free(JSContext *ctx, struct text *text)
{
    free(text->copy);
    JS_FreeCString(ctx, text->engine);
}

/* The length of the sequence at `p`: positive if it is valid, else minus the bytes that one replacement stands for. */
static int sequence(const uint8_t *p, const uint8_t *end)
{
    uint8_t lead = p[0], low = 0x80, high = 0xBF;
    int length;

    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return -1;
    length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    for (int i = 1; i < length; i++) {
        if (p + i >= end || p[i] < low || p[i] > high)
            return -i;
        low = 0x80, high = 0xBF;
    }
    return length;
}

/* How much of the text is valid from its start. */
static size_t valid_length(const uint8_t *bytes, size_t length)
{
    const uint8_t *p = bytes, *end = bytes + length;

    while (p < end) {
        uint64_t eight;
        int n;
        if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & 0x8080808080808080u) == 0)) {
            p += 8;
            continue;
        }
        n = sequence(p, end);
        if (n < 0)
            break;
        p += n;
    }
    return (size_t)(p - bytes);
}

static JSValue decode_replacing(JSContext *ctx, const uint8_t *bytes, size_t length, size_t valid)
{
    size_t room = valid + (length - valid) * 3, used = valid;
    uint8_t *copy = length < SIZE_MAX / 4 ? malloc(room) : NULL;
    JSValue string;

    if (!copy)
        return JS_ThrowOutOfMemory(ctx);
    memcpy(copy, bytes, valid);
    for (const uint8_t *p = bytes + valid, *end = bytes + length; p < end;) {
        int n = sequence(p, end);
        if (n < 0) {
            memcpy(copy + used, replacement, sizeof replacement);
            used += sizeof replacement;
            p -= n;
        } else {
            memcpy(copy + used, p, (size_t)n);
            used += (size_t)n;
            p += n;
        }
    }
    string = JS_NewStringLen(ctx, (char *)copy, used);
    free(copy);
    return string;
}

JSValue text_decode(JSContext *ctx, const uint8_t *bytes, size_t length, bool fatal)
{
    size_t valid = valid_length(bytes, length);

    if (valid == length)
        return JS_NewStringLen(ctx, (const char *)bytes, length);
    if (fatal)
        return JS_ThrowTypeError(ctx, "the encoded data is not valid UTF-8");
    return decode_replacing(ctx, bytes, length, valid);
}

size_t text_encode_into(JSContext *ctx, JSValueConst string, uint8_t *bytes, size_t room, size_t *units_read)
{
    struct text text;
    size_t used = 0, units = 0;

    *units_read = 0;
    if (!text_of(ctx, string, &text))
        return 0;
    while (used < text.length) {
        uint8_t lead = (uint8_t)text.bytes[used];
        size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (n > room - used)
            break;
        units += n == 4 ? 2 : 1;
        used += n;
    }
    memcpy(bytes, text.bytes, used);
    text_free(ctx, &text);
    *units_read = units;
    return used;
}

/* ---- patterns that are none ---- */

static const struct {
    const char *ours, *usual;
} regexp_faults[] = {
    { "expecting ')'", "Unterminated group" },
    { "expecting ']'", "Unterminated character class" },
    { "nothing to repeat", "Nothing to repeat" },
    { "extraneous characters at the end", "Unmatched ')'" },
    { "invalid repetition count", "numbers out of order in {} quantifier" },
    { "invalid class range", "Range out of order in character class" },
    { "unexpected end", "\\ at end of pattern" },
    { "invalid escape sequence in regular expression", "Invalid escape" },
    { "invalid group", "Invalid group" },
    { "invalid group name", "Invalid capture group name" },
    { "expecting group name", "Invalid named reference" },
    { "group name not defined", "Invalid named capture referenced" },
    { "duplicate group name", "Duplicate capture group name" },
    { "syntax error", "Lone quantifier brackets" },
    { "unknown unicode property name", "Invalid property name" },
    { "unknown unicode property value", "Invalid property name" },
    { "unknown unicode general category", "Invalid property name" },
    { "unknown unicode script", "Invalid property name" },
    { "too many captures", "Too many captures" },
};

#define PATTERN_SHOWN_MAX 160

void b8g_throw_regexp(JSContext *ctx, const char *pattern, size_t length, JSValueConst flags, const char *why)
{
    const char *text = JS_IsUndefined(flags) ? NULL : JS_ToCString(ctx, flags);

    for (size_t i = 0; i < sizeof regexp_faults / sizeof regexp_faults[0]; i++) {
        if (strcmp(why, regexp_faults[i].ours) == 0) {
            why = regexp_faults[i].usual;
            break;
        }
    }
    if (length <= PATTERN_SHOWN_MAX)
        JS_ThrowSyntaxError(ctx, "Invalid regular expression: /%s/%s: %s", pattern, text ? text : "", why);
    else
        JS_ThrowSyntaxError(ctx, "Invalid regular expression: %s", why);
    JS_FreeCString(ctx, text);
}
