/* What each request is answered. */
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

uint64_t requests_by_kind[8];

void answer(Text *out, const char *status, const char *headers, const Text *body) {
    text_format(out, "HTTP/1.1 %s\r\nServer: sink\r\nContent-Length: %zu\r\n%s\r\n", status,
                body ? body->size : 0, headers);
    if (body && body->size) text_bytes(out, body->at, body->size);
}

void answer_error(Text *out, const char *status, const char *code) {
    Text body = {0};
    text_format(&body, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>",
                code, code);
    answer(out, status, "Content-Type: application/xml\r\n", &body);
    free(body.at);
}

static void base64(const unsigned char digest[16], char out[25]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0, o = 0; i < 16; i += 3, o += 4) {
        uint32_t three = (uint32_t)digest[i] << 16;
        if (i < 15) three |= (uint32_t)digest[i + 1] << 8 | digest[i + 2];
        out[o] = digits[three >> 18];
        out[o + 1] = digits[three >> 12 & 63];
        out[o + 2] = i < 15 ? digits[three >> 6 & 63] : '=';
        out[o + 3] = i < 15 ? digits[three & 63] : '=';
    }
    out[24] = 0;
}

int is_body_right(Request *request, unsigned char digest[16]) {
    char expected[25];
    md5_end(&request->md5, digest);
    base64(digest, expected);
    return !*request->content_md5 || !strcmp(request->content_md5, expected);
}

static int is_condition_met(const Request *request, const Object *object) {
    if (request->is_create_only && object) return 0;
    if (!*request->if_match) return 1;
    return object && (!strcmp(request->if_match, "*") || strstr(request->if_match, object->etag));
}

static void put(Request *request, Text *out) {
    unsigned char digest[16];
    char headers[96];
    requests_by_kind[KIND_PUT]++;
    if (!is_body_right(request, digest)) return answer_error(out, "400 Bad Request", "BadDigest");
    if (!is_condition_met(request, store_find(request->path)))
        return answer_error(out, "412 Precondition Failed", "PreconditionFailed");
    Object *object = store_put(request->path);
    object->size = request->body_bytes;
    object->parts = 0;
    md5_hex(digest, object->etag);
    free(object->headers);
    object->headers = request->headers.at;
    request->headers.at = NULL;
    snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n", object->etag);
    answer(out, "200 OK", headers, NULL);
}

static void head(Request *request, Text *out) {
    char when[64];
    struct tm parts;
    requests_by_kind[KIND_HEAD]++;
    Object *object = store_find(request->path);
    if (!object) return answer(out, "404 Not Found", "", NULL);
    time_t seconds = (time_t)object->stored_wall;
    strftime(when, sizeof when, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &parts));
    char *number = query_value(request->query, "partNumber");
    uint64_t size = number && object->parts ? object->part_size : object->size;
    text_format(out, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\nETag: \"%s\"\r\n"
                     "Last-Modified: %s\r\n", (unsigned long long)size, object->etag, when);
    if (number && object->parts) text_format(out, "x-amz-mp-parts-count: %u\r\n", object->parts);
    if (object->headers) text_add(out, object->headers);
    text_add(out, "\r\n");
    free(number);
}

static void remove_object(Request *request, Text *out) {
    requests_by_kind[KIND_DELETE]++;
    if (!is_condition_met(request, store_find(request->path)))
        return answer_error(out, "412 Precondition Failed", "PreconditionFailed");
    store_delete(request->path);
    answer(out, "204 No Content", "", NULL);
}

static void bucket_request(Request *request, Text *out) {
    Text body = {0};
    char *location = query_value(request->query, "location");
    char *versioning = query_value(request->query, "versioning");
    char *uploads = query_value(request->query, "uploads");
    requests_by_kind[strcmp(request->method, "GET") || location || versioning || uploads
                         ? KIND_OTHER
                         : KIND_LIST]++;
    if (strcmp(request->method, "GET")) {
        answer(out, "200 OK", "", NULL); /* every bucket is there */
    } else if (location || versioning) {
        const char *name = location ? "LocationConstraint" : "VersioningConfiguration";
        text_format(&body, "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>", name);
        answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    } else if (uploads) {
        list_uploads(request, out);
    } else {
        s3_list(request, request->path, out);
    }
    free(location), free(versioning), free(uploads), free(body.at);
}

/* GET /-/counters and /-/times, for the bench. */
static void own_request(Request *request, Text *out) {
    static const char *names[] = {"put", "head", "list", "delete", "multipart", "other", "bytes"};
    struct rusage used;
    Text body = {0};
    if (!strcmp(request->path, "-/times")) {
        for (size_t i = 0; i < store_count(); i++)
            text_format(&body, "%s\t%llu\n", store_sorted()[i]->name,
                        (unsigned long long)store_sorted()[i]->stored_ns);
    } else {
        getrusage(RUSAGE_SELF, &used);
        text_format(&body, "{\"cpu_seconds\": %ld.%06ld, \"objects\": %zu",
                    used.ru_utime.tv_sec + used.ru_stime.tv_sec +
                        (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000000,
                    (used.ru_utime.tv_usec + used.ru_stime.tv_usec) % 1000000, store_count());
        for (int i = 0; i < 7; i++)
            text_format(&body, ", \"%s\": %llu", names[i], (unsigned long long)requests_by_kind[i]);
        text_add(&body, "}\n");
    }
    answer(out, "200 OK", "", &body);
    free(body.at);
}

void s3_answer(Request *request, Text *out) {
    size_t size = strlen(request->path);
    const char *key = strchr(request->path, '/');
    if (!strncmp(request->path, "-/", 2)) return own_request(request, out);
    if (!key || !key[1]) {
        if (key) request->path[size - 1] = 0;
        return bucket_request(request, out);
    }
    if (upload_answer(request, out)) return;
    if (!strcmp(request->method, "PUT")) return put(request, out);
    if (!strcmp(request->method, "HEAD")) return head(request, out);
    if (!strcmp(request->method, "DELETE")) return remove_object(request, out);
    requests_by_kind[KIND_OTHER]++;
    if (!strcmp(request->method, "GET") && !store_find(request->path))
        return answer_error(out, "404 Not Found", "NoSuchKey"); /* who deletes asks for words */
    answer_error(out, "501 Not Implemented", "NotImplemented"); /* nobody who uploads reads */
}
