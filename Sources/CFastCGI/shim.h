#ifndef PYGMY_CFASTCGI_SHIM_H
#define PYGMY_CFASTCGI_SHIM_H

#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <fcgiapp.h>

/* open(2) is variadic, and Swift imports no variadic functions. O_PATH needs no right to read the
 * directory, only to pass through it. */
static inline int pygmy_open_directory(const char *path) {
    return open(path, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC);
}

/* GNU extensions, which glibc's headers declare only under _GNU_SOURCE; Swift's Glibc module is
 * built without it. */
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

static inline int pygmy_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* The union inside epoll_event, and its packing, are easier kept on this side. */
static inline int pygmy_epoll_control(
    int epoll, int operation, int descriptor, unsigned events, unsigned long long token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/* The flags are an anonymous enum in C, which Swift imports as variables of another type. */
enum {
    PYGMY_EPOLLIN = EPOLLIN,
    PYGMY_EPOLLRDHUP = EPOLLRDHUP,
    PYGMY_EPOLLHUP = EPOLLHUP,
    PYGMY_EPOLLERR = EPOLLERR
};
#define PYGMY_EPOLLONESHOT (1u << 30)
#define PYGMY_EPOLLET (1u << 31)

#endif
