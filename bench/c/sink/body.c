/* A request's body: hashed as it comes, out of its chunks where it has any. */
#include "sink.h"
#include <stdlib.h>

void body_take(Request *request, const char *from, size_t size) {
    md5_feed(&request->md5, from, size);
    request->body_bytes += size;
    if (*request->method == 'P' && request->method[1] == 'O') text_bytes(&request->body, from, size);
}

/* aws-chunked: "SIZE[;signature]\r\n" bytes "\r\n" ... "0...\r\n" trailers; what follows the zero
 * chunk is dropped. */
void body_take_chunked(Request *request, Chunks *chunks, const char *from, size_t size) {
    while (size) {
        if (chunks->left) {
            size_t taken = size < chunks->left ? size : chunks->left;
            body_take(request, from, taken);
            from += taken, size -= taken, chunks->left -= taken;
            continue;
        }
        char byte = *from++;
        size--;
        if (byte != '\n') {
            if (chunks->size < sizeof chunks->line - 1) chunks->line[chunks->size++] = byte;
            continue;
        }
        chunks->line[chunks->size] = 0;
        if (chunks->size > 1 && !chunks->is_over) { /* not the line end after a chunk's bytes */
            chunks->left = strtoull(chunks->line, NULL, 16);
            chunks->is_over = !chunks->left;
        }
        chunks->size = 0;
    }
}
