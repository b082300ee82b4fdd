/* Faults for the torture of the daemons, preloaded: calls that change what lies below
 * TORTURE_HOME fail with EIO now and then, and the time of day is another.
 * What is wanted stands in the file TORTURE_FAULTS, mapped, so that it holds at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct wanted {
    int32_t per_million; /* calls that fail */
    int32_t seconds;     /* added to the time of day */
    int32_t injected;    /* calls that failed: counted here */
};

static struct wanted nothing;
static struct wanted *wanted = &nothing;
static const char *home = "";
static size_t home_length;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("TORTURE_FAULTS");
    const char *place = getenv("TORTURE_HOME");
    if (!file || !place) return;
    home = place;
    home_length = strlen(place);
    int handle = open(file, O_RDWR | O_CLOEXEC);
    if (handle < 0) return;
    void *found = mmap(0, sizeof *wanted, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    if (found != MAP_FAILED) wanted = found;
}

static int below(const char *path) {
    return path && home_length && !strncmp(path, home, home_length) &&
           (path[home_length] == '/' || !path[home_length]);
}

static int roll(void) {
    static __thread unsigned int seed;
    if (wanted->per_million <= 0) return 0;
    if (!seed) seed = (unsigned int)(uintptr_t)&seed ^ (unsigned int)getpid() ^ (unsigned int)clock();
    return rand_r(&seed) % 1000000 < wanted->per_million;
}

static int fails(const char *path) {
    if (!roll() || !below(path)) return 0;
    __sync_fetch_and_add(&wanted->injected, 1);
    errno = EIO;
    return 1;
}

static int fails_open(int handle) {
    char link[64], path[PATH_MAX];
    if (!roll()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!below(path)) return 0;
    __sync_fetch_and_add(&wanted->injected, 1);
    errno = EIO;
    return 1;
}

ssize_t write(int handle, const void *bytes, size_t count) {
    REAL(write);
    return fails_open(handle) ? -1 : real(handle, bytes, count);
}

ssize_t pwrite(int handle, const void *bytes, size_t count, off_t at) {
    REAL(pwrite);
    return fails_open(handle) ? -1 : real(handle, bytes, count, at);
}

ssize_t pwrite64(int handle, const void *bytes, size_t count, off64_t at) {
    REAL(pwrite64);
    return fails_open(handle) ? -1 : real(handle, bytes, count, at);
}

int fsync(int handle) {
    REAL(fsync);
    return fails_open(handle) ? -1 : real(handle);
}

int fdatasync(int handle) {
    REAL(fdatasync);
    return fails_open(handle) ? -1 : real(handle);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    return fails(to) ? -1 : real(from, to);
}

int link(const char *from, const char *to) {
    REAL(link);
    return fails(to) ? -1 : real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    return fails(path) ? -1 : real(path);
}

#define OPEN(name)                                                \
    int name(const char *path, int flags, ...) {                  \
        REAL(name);                                               \
        mode_t mode = 0;                                          \
        if (flags & (O_CREAT | O_TMPFILE)) {                      \
            va_list rest;                                         \
            va_start(rest, flags);                                \
            mode = va_arg(rest, mode_t);                          \
            va_end(rest);                                         \
        }                                                         \
        if (flags & (O_WRONLY | O_RDWR) && fails(path)) return -1; \
        return real(path, flags, mode);                           \
    }
OPEN(open)
OPEN(open64)

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += wanted->seconds;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    REAL(gettimeofday);
    int result = real(now, zone);
    if (!result) now->tv_sec += wanted->seconds;
    return result;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}
