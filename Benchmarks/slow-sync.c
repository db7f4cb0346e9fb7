/* A disk that takes longer to sync: loaded into a program with LD_PRELOAD, it lets every fsync and
 * fdatasync end so many microseconds later, in which the program's thread sleeps.
 *
 *     cc -O2 -shared -fPIC -o slow-sync.so slow-sync.c -ldl
 *     LD_PRELOAD=$PWD/slow-sync.so SLOW_SYNC_MICROSECONDS=1000 PROGRAM …
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static long extra_microseconds;

__attribute__((constructor)) static void prepare(void) {
    const char *text = getenv("SLOW_SYNC_MICROSECONDS");
    extra_microseconds = text ? atol(text) : 0;
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

/* Sleeps, whatever interrupts it, and leaves errno as the call before it did. */
static int later(int result) {
    int error = errno;
    struct timespec rest = {extra_microseconds / 1000000, extra_microseconds % 1000000 * 1000};
    while (extra_microseconds > 0 && nanosleep(&rest, &rest) != 0 && errno == EINTR) {
    }
    errno = error;
    return result;
}

int fsync(int descriptor) { return later(real_fsync(descriptor)); }

int fdatasync(int descriptor) { return later(real_fdatasync(descriptor)); }
