/* An S3 server that costs almost nothing: it checks and hashes each body, and keeps only names,
 * sizes and ETags. It is measured with, so it must never be what is waited for. */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>
#include <stdint.h>

/* --- md5.c: RFC 1321 --- */
typedef struct {
    uint32_t state[4];
    uint64_t bytes;
    unsigned char block[64];
} Md5;
void md5_begin(Md5 *md5);
void md5_feed(Md5 *md5, const void *from, size_t size);
void md5_end(Md5 *md5, unsigned char out[16]);
void md5_hex(const unsigned char digest[16], char out[33]);

/* --- text.c: growing buffers, and the encodings of URLs and XML --- */
typedef struct {
    char *at;
    size_t size, room;
} Text;
void text_bytes(Text *text, const char *from, size_t size);
void text_add(Text *text, const char *string);
void text_format(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_url(Text *text, const char *string); /* percent-encoded, '/' left as it is */
void text_xml(Text *text, const char *string); /* & < > as entities */
void url_decode(char *string);                 /* in place */
/* The decoded value of a query's parameter, to be freed; NULL if it is not there. */
char *query_value(const char *query, const char *name);

/* --- store.c: what arrived --- */
typedef struct {
    char *name; /* bucket/key */
    uint64_t size, part_size;
    unsigned parts; /* 0: sent whole */
    char etag[44];
    char *headers; /* Content-Type and metadata, as they came */
    uint64_t stored_ns; /* CLOCK_MONOTONIC */
    int64_t stored_wall; /* seconds since the epoch */
} Object;
Object *store_find(const char *name);
Object *store_put(const char *name); /* found or made; the caller fills it in */
void store_delete(const char *name);
size_t store_count(void);
/* All objects in the order of their names as bytes; valid until the next put or delete. */
Object **store_sorted(void);
size_t store_position_after(const char *name); /* the first of the sorted with a greater name */
void store_preload(const char *path);          /* lines "bucket/key<TAB>size<TAB>etag" */
uint64_t now_ns(void);

/* --- a request --- */
typedef struct {
    char method[8];
    char *path;  /* decoded, without the first slash: bucket/key */
    char *query; /* as it came, or "" */
    char content_md5[32], if_match[48];
    int is_create_only; /* If-None-Match: * */
    Text headers;       /* those to keep */
    Text body;          /* of POST only */
    Md5 md5;
    uint64_t body_bytes;
} Request;
/* --- body.c --- */
typedef struct {
    uint64_t left; /* of the chunk being decoded */
    char line[128]; /* a chunk's first line, while it arrives */
    size_t size;
    int is_over;
} Chunks;
void body_take(Request *request, const char *from, size_t size);
void body_take_chunked(Request *request, Chunks *chunks, const char *from, size_t size);

/* --- s3.c: requests and answers --- */
void s3_answer(Request *request, Text *out);
void s3_list(Request *request, const char *bucket, Text *out); /* list.c */
void answer(Text *out, const char *status, const char *headers, const Text *body);
void answer_error(Text *out, const char *status, const char *code);
/* Whether the body is what its Content-MD5 says, if it has one; gives its MD5. */
int is_body_right(Request *request, unsigned char digest[16]);
extern uint64_t requests_by_kind[8]; /* PUT HEAD LIST DELETE MULTIPART OTHER, and bytes received */
enum { KIND_PUT, KIND_HEAD, KIND_LIST, KIND_DELETE, KIND_MULTIPART, KIND_OTHER, BYTES_RECEIVED };

/* --- upload.c: uploads in parts --- */
int upload_answer(Request *request, Text *out); /* 1 if it was one of theirs */
void list_uploads(const Request *request, Text *out);

#endif
