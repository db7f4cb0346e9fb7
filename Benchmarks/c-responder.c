/* An opponent for the benchmark: libfcgi in its usual shape, a thread a connection, answering the
 * same constant bytes to everything.
 *
 *     cc -O2 -o c-responder c-responder.c -lfcgi -lpthread
 *     ./c-responder SOCKET THREADS
 *
 * With fewer threads than nginx has connections to it, kept idle connections hold the threads and
 * requests hang: give it at least as many as there are clients. */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ANSWER[] =
    "Status: 200 OK\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 150\r\n"
    "\r\n"
    "{\"itemNumber\":1,\"title\":\"How to get a good grade in 677 in 20 minutes a day\","
    "\"topic\":\"DistributedSystems\",\"cost\":10.00,\"stock\":46,\"padding\":\"0123456\"}";

static int listener;

static void *serve(void *unused) {
    (void)unused;
    FCGX_Request request;
    if (FCGX_InitRequest(&request, listener, 0) != 0) return NULL;
    while (FCGX_Accept_r(&request) == 0) {
        /* The body must be read to its end, or the connection's next request is lost. */
        char rest[4096];
        while (FCGX_GetStr(rest, sizeof rest, request.in) == (int)sizeof rest) continue;
        FCGX_PutStr(ANSWER, sizeof ANSWER - 1, request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int main(int count, char **arguments) {
    const char *body = strstr(ANSWER, "\r\n\r\n") + 4;
    int threads = count == 3 ? atoi(arguments[2]) : 0;
    if (threads < 1 || strlen(body) != 150) {
        fprintf(stderr, "usage: %s SOCKET THREADS\n", arguments[0]);
        return 64;
    }
    if (FCGX_Init() != 0) return 1;
    listener = FCGX_OpenSocket(arguments[1], 4096);
    if (listener < 0) return 1;
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0) return 1;
    }
    serve(NULL);
    return 0;
}
