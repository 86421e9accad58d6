/* Uploads in parts: create, parts, list parts, list uploads, complete, abort. */
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PARTS 10000

typedef struct {
    uint64_t size; /* 0: not there */
    unsigned char digest[16];
} Part;

typedef struct Upload {
    struct Upload *next;
    unsigned id, highest;
    char *name, *headers;
    Part *parts; /* by number */
} Upload;

static Upload *uploads;

static void create(Request *request, Text *out) {
    static unsigned last_id;
    Text body = {0};
    Upload *upload = calloc(1, sizeof *upload);
    if (!upload || !(upload->parts = calloc(MOST_PARTS + 1, sizeof *upload->parts))) abort();
    upload->id = ++last_id;
    upload->name = strdup(request->path);
    upload->headers = request->headers.at;
    request->headers.at = NULL;
    upload->next = uploads;
    uploads = upload;
    const char *key = strchr(upload->name, '/') + 1;
    text_format(&body, "<?xml version=\"1.0\"?>\n<InitiateMultipartUploadResult><Bucket>%.*s</Bucket>"
                       "<Key>", (int)(key - 1 - upload->name), upload->name);
    text_xml(&body, key);
    text_format(&body, "</Key><UploadId>u%u</UploadId></InitiateMultipartUploadResult>", upload->id);
    answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    free(body.at);
}

static void forget(Upload *upload) {
    Upload **at = &uploads;
    while (*at != upload) at = &(*at)->next;
    *at = upload->next;
    free(upload->name), free(upload->headers), free(upload->parts), free(upload);
}

static void put_part(Request *request, Upload *upload, unsigned number, Text *out) {
    unsigned char digest[16];
    char hex[33], headers[96];
    if (!is_body_right(request, digest) || !number || number > MOST_PARTS)
        return answer_error(out, "400 Bad Request", "BadDigest");
    upload->parts[number].size = request->body_bytes;
    memcpy(upload->parts[number].digest, digest, 16);
    if (number > upload->highest) upload->highest = number;
    md5_hex(digest, hex);
    snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n", hex);
    answer(out, "200 OK", headers, NULL);
}

static void complete(Upload *upload, Text *out) {
    Md5 md5;
    unsigned char digest[16];
    char hex[33];
    Text body = {0};
    md5_begin(&md5);
    Object *object = store_put(upload->name);
    object->size = 0;
    object->parts = upload->highest;
    object->part_size = upload->parts[1].size;
    for (unsigned i = 1; i <= upload->highest; i++) {
        object->size += upload->parts[i].size;
        md5_feed(&md5, upload->parts[i].digest, 16);
    }
    md5_end(&md5, digest);
    md5_hex(digest, hex);
    snprintf(object->etag, sizeof object->etag, "%s-%u", hex, object->parts);
    free(object->headers);
    object->headers = upload->headers;
    upload->headers = NULL;
    const char *key = strchr(upload->name, '/') + 1;
    text_add(&body, "<?xml version=\"1.0\"?>\n<CompleteMultipartUploadResult><Key>");
    text_xml(&body, key);
    text_format(&body, "</Key><ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>",
                object->etag);
    answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    free(body.at);
    forget(upload);
}

static void list_parts(const Upload *upload, Text *out) {
    Text body = {0};
    char hex[33];
    text_format(&body, "<ListPartsResult><UploadId>u%u</UploadId><IsTruncated>false</IsTruncated>",
                upload->id);
    for (unsigned i = 1; i <= upload->highest; i++) {
        if (!upload->parts[i].size) continue;
        md5_hex(upload->parts[i].digest, hex);
        text_format(&body, "<Part><PartNumber>%u</PartNumber><ETag>&quot;%s&quot;</ETag><Size>%llu"
                           "</Size></Part>", i, hex, (unsigned long long)upload->parts[i].size);
    }
    text_add(&body, "</ListPartsResult>");
    answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    free(body.at);
}

static int is_parameter(const Request *request, const char *name) {
    char *value = query_value(request->query, name);
    free(value);
    return value != NULL;
}

int upload_answer(Request *request, Text *out) {
    char *id = query_value(request->query, "uploadId");
    if (!id) {
        if (!is_parameter(request, "uploads")) return 0;
        requests_by_kind[KIND_MULTIPART]++;
        create(request, out);
        return 1;
    }
    requests_by_kind[KIND_MULTIPART]++;
    Upload *upload = uploads;
    while (upload && upload->id != (unsigned)atoi(id + (*id != 0))) upload = upload->next;
    free(id);
    if (!upload) {
        answer_error(out, "404 Not Found", "NoSuchUpload");
    } else if (!strcmp(request->method, "PUT")) {
        char *number = query_value(request->query, "partNumber");
        put_part(request, upload, number ? (unsigned)atoi(number) : 0, out);
        free(number);
    } else if (!strcmp(request->method, "POST")) {
        complete(upload, out);
    } else if (!strcmp(request->method, "DELETE")) {
        forget(upload);
        answer(out, "204 No Content", "", NULL);
    } else {
        list_parts(upload, out);
    }
    return 1;
}

/* GET /bucket?uploads&prefix=... */
void list_uploads(const Request *request, Text *out) {
    Text body = {0};
    char *prefix = query_value(request->query, "prefix");
    size_t bucket = strlen(request->path) + 1;
    text_add(&body, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>");
    for (Upload *upload = uploads; upload; upload = upload->next) {
        const char *key = upload->name + bucket;
        if (prefix && strncmp(key, prefix, strlen(prefix))) continue;
        text_add(&body, "<Upload><Key>");
        text_xml(&body, key);
        text_format(&body, "</Key><UploadId>u%u</UploadId></Upload>", upload->id);
    }
    text_add(&body, "</ListMultipartUploadsResult>");
    answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    free(prefix), free(body.at);
}
