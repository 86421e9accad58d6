/* ListObjectsV2, and version 1 for who asks for it. */
#include "sink.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    const char *bucket, *delimiter;
    char *from; /* bucket/prefix */
    size_t bucket_size, limit;
    int is_encoded, is_v2;
} Query;

static void add_name(Text *out, const Query *query, const char *name) {
    if (query->is_encoded) text_url(out, name);
    else text_xml(out, name);
}

static void add_object(Text *out, const Query *query, const Object *object) {
    char when[32];
    struct tm parts;
    time_t seconds = (time_t)object->stored_wall;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&seconds, &parts));
    text_add(out, "<Contents><Key>");
    add_name(out, query, object->name + query->bucket_size);
    text_format(out,
                "</Key><LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>"
                "<Size>%llu</Size><StorageClass>STANDARD</StorageClass></Contents>",
                when, object->etag, (unsigned long long)object->size);
}

/* The end of a common prefix in a name, or NULL. */
static const char *common_end(const Query *query, const char *name) {
    if (!query->delimiter || !*query->delimiter) return NULL;
    return strchr(name + strlen(query->from), *query->delimiter);
}

/* Adds the page to `contents` and `prefixes`; gives the name to go on after, or NULL at the end. */
static char *fill(const Query *query, const char *after, Text *contents, Text *prefixes,
                  size_t *found) {
    size_t count = store_count(), size = strlen(query->from);
    size_t at = store_position_after(after);
    Object **objects = store_sorted();
    char *last = NULL, *common = NULL; /* the common prefix told last: what begins so is told */
    if (query->delimiter && *after && after[strlen(after) - 1] == *query->delimiter)
        common = strdup(after);
    for (; at < count && !strncmp(objects[at]->name, query->from, size); at++) {
        const char *name = objects[at]->name, *end = common_end(query, name);
        if (common && end && !strncmp(name, common, strlen(common)) && strcmp(common, query->from))
            continue;
        if (*found == query->limit) {
            free(common);
            return last;
        }
        free(last);
        ++*found;
        if (end) {
            free(common);
            common = strndup(name, (size_t)(end - name) + 1);
            text_add(prefixes, "<CommonPrefixes><Prefix>");
            add_name(prefixes, query, common + query->bucket_size);
            text_add(prefixes, "</Prefix></CommonPrefixes>");
            last = strdup(common);
        } else {
            add_object(contents, query, objects[at]);
            last = strdup(name);
        }
    }
    free(common);
    free(last);
    return NULL;
}

static char *start_of(const Request *request, const Query *query, const char *prefix) {
    const char *names[] = {"continuation-token", "start-after", "marker"};
    Text text = {0};
    text_add(&text, query->bucket);
    text_add(&text, "/");
    for (int i = 0; i < 3; i++) {
        char *value = query_value(request->query, names[i]);
        if (value && *value) {
            text_add(&text, value);
            free(value);
            return text.at;
        }
        free(value);
    }
    text_add(&text, prefix);
    if (*prefix) { /* just before the prefix itself */
        text.at[text.size - 1]--;
        text_add(&text, "\xff\xff");
    }
    return text.at;
}

void s3_list(Request *request, const char *bucket, Text *out) {
    char *prefix = query_value(request->query, "prefix");
    char *delimiter = query_value(request->query, "delimiter");
    char *limit = query_value(request->query, "max-keys");
    char *encoding = query_value(request->query, "encoding-type");
    char *version = query_value(request->query, "list-type");
    Text from = {0}, contents = {0}, prefixes = {0}, body = {0};
    text_format(&from, "%s/", bucket);
    text_add(&from, prefix ? prefix : "");
    Query query = {bucket, delimiter, from.at, strlen(bucket) + 1, limit ? (size_t)atol(limit) : 1000,
                   encoding && *encoding, version && *version == '2'};
    char *after = start_of(request, &query, prefix ? prefix : "");
    size_t found = 0;
    char *next = fill(&query, after, &contents, &prefixes, &found);
    text_add(&body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
                    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>");
    text_xml(&body, bucket);
    text_add(&body, "</Name><Prefix>");
    add_name(&body, &query, prefix ? prefix : "");
    text_format(&body, "</Prefix><MaxKeys>%zu</MaxKeys><KeyCount>%zu</KeyCount><IsTruncated>%s"
                       "</IsTruncated>", query.limit, found, next ? "true" : "false");
    if (query.is_encoded) text_add(&body, "<EncodingType>url</EncodingType>");
    if (next) {
        const char *tag = query.is_v2 ? "NextContinuationToken" : "NextMarker";
        text_format(&body, "<%s>", tag);
        /* A token is opaque and never url-encoded; a marker is a name. */
        if (query.is_v2) text_xml(&body, next + query.bucket_size);
        else add_name(&body, &query, next + query.bucket_size);
        text_format(&body, "</%s>", tag);
    }
    if (contents.size) text_bytes(&body, contents.at, contents.size);
    if (prefixes.size) text_bytes(&body, prefixes.at, prefixes.size);
    text_add(&body, "</ListBucketResult>");
    answer(out, "200 OK", "Content-Type: application/xml\r\n", &body);
    free(prefix), free(delimiter), free(limit), free(encoding), free(version), free(after);
    free(next), free(from.at), free(contents.at), free(prefixes.at), free(body.at);
}
