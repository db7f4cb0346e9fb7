#ifndef PYGMY_CCURL_SHIM_H
#define PYGMY_CCURL_SHIM_H

#include <curl/curl.h>
#include <sys/prctl.h>
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

/* libcurl's sockets would be inherited by the processes that the program starts. */
static inline curl_socket_t pygmy_curl_open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
static inline CURLcode pygmy_curl_close_sockets_on_exec(CURL *handle) {
    return (curl_easy_setopt)(handle, CURLOPT_OPENSOCKETFUNCTION, pygmy_curl_open_socket);
}

static inline CURLcode pygmy_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode pygmy_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(handle, info, value);
}
static inline CURLcode pygmy_curl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLMcode pygmy_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

/* CURLMsg holds a union, of which only this member has a meaning for CURLMSG_DONE. */
static inline CURLcode pygmy_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

/* prctl is variadic as well. */
static inline int pygmy_name_this_thread(const char *name) {
    return prctl(PR_SET_NAME, name);
}

#endif
