/* s3sink PORT [DELAY_MS [PRELOAD_FILE]]: one thread, one epoll loop, HTTP/1.1 on 127.0.0.1.
 * Each answer leaves DELAY_MS after its request was complete; that limits no throughput. */
#define _GNU_SOURCE
#include "sink.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HEAD_ROOM 16384

typedef struct Connection {
    int socket, is_in_body, is_chunked, is_closing;
    char head[HEAD_ROOM];
    size_t head_size;
    uint64_t left; /* of the body as it is sent */
    Chunks chunks;
    Request request;
    Text out;
    size_t sent, visible; /* of `out`: what has left, and what may */
    int is_waiting_to_write;
} Connection;

static int poller, timer;
static uint64_t delay_ns;

/* Answers in the order they are due, which with one delay for all is the order they come in. */
typedef struct {
    Connection *connection; /* NULL: it went away */
    uint64_t due;
    size_t size;
} Due;
static Due *queue;
static size_t queue_room = 1 << 16, queue_head, queue_tail;

static void close_connection(Connection *connection) {
    for (size_t i = queue_head; i != queue_tail; i = (i + 1) % queue_room)
        if (queue[i].connection == connection) queue[i].connection = NULL;
    close(connection->socket);
    free(connection->request.path), free(connection->request.query);
    free(connection->request.headers.at), free(connection->request.body.at);
    free(connection->out.at);
    free(connection);
}

/* Sends what may leave; 0 when the connection is gone. */
static int flush(Connection *c) {
    while (c->sent < c->visible) {
        ssize_t size = send(c->socket, c->out.at + c->sent, c->visible - c->sent, MSG_NOSIGNAL);
        if (size < 0) {
            if (errno == EAGAIN) {
                struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
                epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &event);
                c->is_waiting_to_write = 1;
                return 1;
            }
            close_connection(c);
            return 0;
        }
        c->sent += (size_t)size;
    }
    if (c->is_waiting_to_write) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_MOD, c->socket, &event);
        c->is_waiting_to_write = 0;
    }
    if (c->sent == c->out.size) {
        c->sent = c->visible = c->out.size = 0;
        if (c->is_closing) {
            close_connection(c);
            return 0;
        }
    }
    return 1;
}

static void set_timer(uint64_t due) {
    struct itimerspec when = {.it_value = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int let_out(Connection *c, size_t size) {
    if (!delay_ns) {
        c->visible += size;
        return flush(c);
    }
    queue[queue_tail] = (Due){c, now_ns() + delay_ns, size};
    if (queue_head == queue_tail) set_timer(queue[queue_tail].due);
    queue_tail = (queue_tail + 1) % queue_room;
    if (queue_tail == queue_head) abort(); /* more connections than there are ports */
    return 1;
}

static void let_out_due(void) {
    uint64_t now = now_ns(), expirations;
    if (read(timer, &expirations, 8) < 0 && errno != EAGAIN) abort();
    while (queue_head != queue_tail && queue[queue_head].due <= now) {
        Due due = queue[queue_head];
        queue_head = (queue_head + 1) % queue_room;
        if (!due.connection) continue;
        due.connection->visible += due.size;
        flush(due.connection);
    }
    if (queue_head != queue_tail) set_timer(queue[queue_head].due);
}

static int header(const char *line, const char *name, const char **value) {
    size_t size = strlen(name);
    if (strncasecmp(line, name, size)) return 0;
    *value = line + size;
    while (**value == ' ') ++*value;
    return 1;
}

static int read_header(Connection *c, const char *line) {
    Request *request = &c->request;
    const char *value;
    if (header(line, "content-length:", &value)) c->left = strtoull(value, NULL, 10);
    else if (header(line, "x-amz-content-sha256:", &value)) c->is_chunked = !strncmp(value, "STREAMING", 9);
    else if (header(line, "content-md5:", &value))
        snprintf(request->content_md5, sizeof request->content_md5, "%s", value);
    else if (header(line, "if-match:", &value))
        snprintf(request->if_match, sizeof request->if_match, "%s", value);
    else if (header(line, "if-none-match:", &value)) request->is_create_only = *value == '*';
    else if (header(line, "connection:", &value)) c->is_closing = !strncasecmp(value, "close", 5);
    else if (header(line, "expect:", &value)) return 1;
    else if (header(line, "content-type:", &value) || !strncasecmp(line, "x-amz-meta-", 11)) {
        text_add(&request->headers, line);
        text_add(&request->headers, "\r\n");
    }
    return 0;
}

/* Reads a whole head; 0 if it makes no sense, and the connection is closed. */
static int begin_request(Connection *c) {
    Request *request = &c->request;
    int is_expecting = 0;
    char *next, *line = c->head;
    free(request->path), free(request->query), free(request->headers.at), free(request->body.at);
    memset(request, 0, sizeof *request);
    c->left = 0;
    c->is_chunked = 0;
    next = strstr(line, "\r\n");
    *next = 0;
    char *target = strchr(line, ' '), *end = target ? strrchr(target, ' ') : NULL;
    if (!target || end == target || target - line > 7 || target[1] != '/') {
        close_connection(c);
        return 0;
    }
    *target = *end = 0;
    strcpy(request->method, line);
    char *query = strchr(target + 1, '?');
    if (query) *query++ = 0;
    request->path = strdup(target + 2);
    request->query = strdup(query ? query : "");
    url_decode(request->path);
    for (line = next + 2; *line != '\r'; line = next + 2) {
        next = strstr(line, "\r\n");
        *next = 0;
        is_expecting |= read_header(c, line);
    }
    md5_begin(&request->md5);
    c->chunks = (Chunks){0};
    c->is_in_body = 1;
    if (is_expecting) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        text_add(&c->out, go_on);
        return let_out(c, sizeof go_on - 1);
    }
    return 1;
}

static int end_request(Connection *c) {
    size_t before = c->out.size;
    c->is_in_body = 0;
    c->head_size = 0;
    s3_answer(&c->request, &c->out);
    return let_out(c, c->out.size - before);
}

/* 0 when the connection is gone. */
static int feed(Connection *c, const char *from, size_t size) {
    requests_by_kind[BYTES_RECEIVED] += size;
    while (size) {
        if (!c->is_in_body) {
            size_t taken = size < HEAD_ROOM - 1 - c->head_size ? size : HEAD_ROOM - 1 - c->head_size;
            size_t searched = c->head_size < 3 ? 0 : c->head_size - 3;
            memcpy(c->head + c->head_size, from, taken);
            c->head[c->head_size + taken] = 0;
            char *end = memmem(c->head + searched, c->head_size + taken - searched, "\r\n\r\n", 4);
            if (!end) {
                c->head_size += taken, from += taken, size -= taken;
                if (c->head_size < HEAD_ROOM - 1) continue;
                close_connection(c);
                return 0;
            }
            size_t used = (size_t)(end + 4 - c->head) - c->head_size;
            end[2] = '\r', end[4] = 0;
            from += used, size -= used;
            if (!begin_request(c)) return 0;
        }
        size_t taken = size < c->left ? size : c->left;
        if (c->is_chunked) body_take_chunked(&c->request, &c->chunks, from, taken);
        else body_take(&c->request, from, taken);
        from += taken, size -= taken, c->left -= taken;
        if (!c->left && !end_request(c)) return 0;
    }
    return 1;
}

static void accept_all(int listener) {
    for (int got; (got = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int on = 1;
        setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Connection *connection = calloc(1, sizeof *connection);
        if (!connection) abort();
        connection->socket = got;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(poller, EPOLL_CTL_ADD, got, &event);
    }
}

static void serve(int listener) {
    static char buffer[256 * 1024];
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(poller, events, 256, -1);
        int is_due = 0;
        for (int i = 0; i < count; i++) {
            Connection *c = events[i].data.ptr;
            if (events[i].data.ptr == &timer) {
                is_due = 1; /* last, since it may close connections of other events */
            } else if (!c) {
                accept_all(listener);
            } else if (!(events[i].events & EPOLLOUT) || flush(c)) {
                ssize_t size = recv(c->socket, buffer, sizeof buffer, 0);
                if (size > 0) feed(c, buffer, (size_t)size);
                else if (size == 0 || errno != EAGAIN) close_connection(c);
            }
        }
        if (is_due) let_out_due();
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    signal(SIGPIPE, SIG_IGN);
    if (argc > 2) delay_ns = (uint64_t)(atof(argv[2]) * 1e6);
    if (argc > 3) store_preload(argv[3]);
    queue = calloc(queue_room, sizeof *queue);
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
        perror("s3sink");
        return 1;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &timer;
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    serve(listener);
}
