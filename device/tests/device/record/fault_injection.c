/* Makes a process's writes to the record fail, like a full or broken disk. Loaded with LD_PRELOAD.
 *
 * FAULT_FIRST  number of the first call that fails, from 1
 * FAULT_TIMES  how many calls in a row fail
 * FAULT_ERRNO  errno of the failing calls
 * FAULT_SHORT  when set, a failing write first writes half of its bytes
 * FAULT_SYNC_ONLY  when set, only calls that sync count
 * At its end the process prints "faults: CALLS calls, FAILED failed" on stderr.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls, failed;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

/* Whether this call fails; only calls on the record's files count. */
static int fails(int fd, int syncs) {
    if (!syncs && getenv("FAULT_SYNC_ONLY")) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, "record.db")) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    long first = number("FAULT_FIRST");
    if (first == 0 || call < first || call >= first + number("FAULT_TIMES")) return 0;
    atomic_fetch_add(&failed, 1);
    return 1;
}

static int refuse(void) {
    errno = (int)number("FAULT_ERRNO");
    return -1;
}

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t length) {
    NEXT(write);
    if (!fails(fd, 0)) return next(fd, bytes, length);
    if (getenv("FAULT_SHORT") && length > 1) (void)!next(fd, bytes, length / 2);
    return refuse();
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    NEXT(pwrite);
    if (!fails(fd, 0)) return next(fd, bytes, length, at);
    if (getenv("FAULT_SHORT") && length > 1) (void)!next(fd, bytes, length / 2, at);
    return refuse();
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    NEXT(pwrite64);
    if (!fails(fd, 0)) return next(fd, bytes, length, at);
    if (getenv("FAULT_SHORT") && length > 1) (void)!next(fd, bytes, length / 2, at);
    return refuse();
}

int fsync(int fd) {
    NEXT(fsync);
    return fails(fd, 1) ? refuse() : next(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    return fails(fd, 1) ? refuse() : next(fd);
}

int ftruncate(int fd, off_t length) {
    NEXT(ftruncate);
    return fails(fd, 0) ? refuse() : next(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    NEXT(ftruncate64);
    return fails(fd, 0) ? refuse() : next(fd, length);
}

int fallocate(int fd, int mode, off_t at, off_t length) {
    NEXT(fallocate);
    return fails(fd, 0) ? refuse() : next(fd, mode, at, length);
}

__attribute__((destructor)) static void say(void) {
    fprintf(stderr, "\nfaults: %ld calls, %ld failed\n", atomic_load(&calls), atomic_load(&failed));
}
