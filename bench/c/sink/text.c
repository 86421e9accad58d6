/* Growing buffers, and the encodings of URLs and XML. */
#include "sink.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_bytes(Text *text, const char *from, size_t size) {
    if (text->size + size + 1 > text->room) {
        text->room = (text->size + size + 1) * 2;
        text->at = realloc(text->at, text->room);
        if (!text->at) abort();
    }
    memcpy(text->at + text->size, from, size);
    text->size += size;
    text->at[text->size] = 0;
}

void text_add(Text *text, const char *string) { text_bytes(text, string, strlen(string)); }

void text_format(Text *text, const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_bytes(text, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

void text_url(Text *text, const char *string) {
    for (const char *c = string; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-_.~/", *c))
            text_bytes(text, c, 1);
        else
            text_format(text, "%%%02X", (unsigned char)*c);
    }
}

void text_xml(Text *text, const char *string) {
    for (const char *c = string; *c; c++) {
        if (*c == '&') text_add(text, "&amp;");
        else if (*c == '<') text_add(text, "&lt;");
        else if (*c == '>') text_add(text, "&gt;");
        else text_bytes(text, c, 1);
    }
}

static int hex(char c) {
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

void url_decode(char *string) {
    char *to = string;
    for (char *c = string; *c; c++) {
        if (*c == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
            *to++ = (char)(hex(c[1]) * 16 + hex(c[2]));
            c += 2;
        } else {
            *to++ = *c;
        }
    }
    *to = 0;
}

char *query_value(const char *query, const char *name) {
    size_t size = strlen(name);
    for (const char *at = query; at && *at; at = strchr(at, '&'), at = at ? at + 1 : NULL) {
        if (strncmp(at, name, size) || (at[size] && at[size] != '=' && at[size] != '&')) continue;
        const char *from = at + size + (at[size] == '=');
        char *value = strndup(from, strcspn(from, "&"));
        for (char *c = value; *c; c++)
            if (*c == '+') *c = ' ';
        url_decode(value);
        return value;
    }
    return NULL;
}
