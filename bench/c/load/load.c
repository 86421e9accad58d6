/* s3load PORT CONNECTIONS REQUESTS BYTES: PUTs as fast as the server answers, one at a time on each
 * connection, and prints requests per second. It shows what a server can take, and what that costs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static char *message;
static size_t head_size, message_size;
static long begun, wanted;

static void send_next(int socket) {
    char number[16];
    if (begun == wanted) return;
    snprintf(number, sizeof number, "%09ld", begun++);
    memcpy(strstr(message, "/k") + 2, number, 9);
    if (send(socket, message, message_size, MSG_NOSIGNAL) != (ssize_t)message_size)
        perror("send"), exit(1);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    int connections = atoi(argv[2]), poller = epoll_create1(0);
    size_t body = (size_t)atol(argv[4]);
    wanted = atol(argv[3]);
    message = calloc(1, 512 + body);
    head_size = (size_t)sprintf(message, "PUT /load/k000000000 HTTP/1.1\r\nHost: localhost\r\n"
                                         "Content-Length: %zu\r\n\r\n", body);
    memset(message + head_size, 'x', body);
    message_size = head_size + body;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < connections; i++) {
        int on = 1, made = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(made, (void *)&address, sizeof address)) perror("connect"), exit(1);
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = made};
        epoll_ctl(poller, EPOLL_CTL_ADD, made, &event);
        send_next(made);
    }
    for (long done = 0; done < wanted;) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < count; i++) {
            char answer[4096];
            ssize_t size = recv(events[i].data.fd, answer, sizeof answer, 0);
            if (size < 12 || memcmp(answer, "HTTP/1.1 200", 12)) exit(1);
            done++;
            send_next(events[i].data.fd);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.0f\n", (double)wanted / ((double)(to.tv_sec - from.tv_sec) +
                                       (double)(to.tv_nsec - from.tv_nsec) / 1e9));
    return 0;
}
