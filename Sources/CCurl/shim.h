#ifndef PYGMY_CCURL_SHIM_H
#define PYGMY_CCURL_SHIM_H

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/* curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, and Swift imports no
 * variadic functions: one function for each type of argument. The parentheses keep curl's
 * type-checking macros of the same names out. */
static inline CURLcode pygmy_curl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode pygmy_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode pygmy_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode pygmy_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode pygmy_curl_set_const_pointer(
    CURL *handle, CURLoption option, const void *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode pygmy_curl_set_list(
    CURL *handle, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(handle, option, value);
}

/* The type of curl's write and header callbacks. */
typedef size_t (*pygmy_curl_sink)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode pygmy_curl_set_sink(
    CURL *handle, CURLoption option, pygmy_curl_sink value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode pygmy_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode pygmy_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLMcode pygmy_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

/* The types of the callbacks in which libcurl says what it waits for. */
typedef int (*pygmy_curl_socket_watch)(
    CURL *handle, curl_socket_t socket, int what, void *context, void *socket_context);
typedef int (*pygmy_curl_timer_watch)(CURLM *multi, long milliseconds, void *context);
static inline CURLMcode pygmy_curl_multi_watch(
    CURLM *multi, pygmy_curl_socket_watch sockets, pygmy_curl_timer_watch timer, void *context) {
    CURLMcode result = (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, sockets);
    if (result == CURLM_OK) result = (curl_multi_setopt)(multi, CURLMOPT_SOCKETDATA, context);
    if (result == CURLM_OK) result = (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (result == CURLM_OK) result = (curl_multi_setopt)(multi, CURLMOPT_TIMERDATA, context);
    return result;
}

/* The types of the callbacks that open and close libcurl's sockets. */
typedef curl_socket_t (*pygmy_curl_socket_opening)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*pygmy_curl_socket_closing)(void *context, curl_socket_t socket);
static inline CURLcode pygmy_curl_manage_sockets(
    CURL *handle, pygmy_curl_socket_opening opening, pygmy_curl_socket_closing closing,
    void *context) {
    CURLcode result = (curl_easy_setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, opening);
    if (result == CURLE_OK)
        result = (curl_easy_setopt)(handle, CURLOPT_OPENSOCKETDATA, context);
    if (result == CURLE_OK)
        result = (curl_easy_setopt)(handle, CURLOPT_CLOSESOCKETFUNCTION, closing);
    if (result == CURLE_OK)
        result = (curl_easy_setopt)(handle, CURLOPT_CLOSESOCKETDATA, context);
    return result;
}

/* epoll's bits, which Swift sees only as an enumeration without members. */
static const unsigned pygmy_curl_epoll_in = EPOLLIN;
static const unsigned pygmy_curl_epoll_out = EPOLLOUT;
static const unsigned pygmy_curl_epoll_broken = EPOLLERR | EPOLLHUP;

/* The union inside epoll_event, and its packing, are easier kept on this side. */
static inline int pygmy_curl_epoll_control(
    int epoll, int operation, int descriptor, unsigned events) {
    struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}
static inline int pygmy_curl_epoll_descriptor(const struct epoll_event *event) {
    return event->data.fd;
}

/* CURLMsg holds a union, of which only this member has a meaning for CURLMSG_DONE. */
static inline CURLcode pygmy_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

#endif
