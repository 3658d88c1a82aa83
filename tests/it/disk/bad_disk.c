/* A library that is loaded before libc into a process under test. It makes calls on some files fail or hang as on a bad disk, and keeps a
 * journal of what is written to a folder and when it is synced, from which a power cut at any moment can be played.
 *
 * BAD_DISK_RULE: a file with the words ACTION CALL END. ACTION is eio, enospc or hang; CALL is write, sync, truncate or read; END is the end of the
 * path. The file is read at each call. RULE.fired is made when a call has met the rule.
 * BAD_DISK_JOURNAL: the journal. BAD_DISK_FOLDER: the folder, without a slash at its end.
 *
 * Each record of the journal: kind (one of WSTRU), then 32 bits: the length of the name, 64 bits: offset or new length, 64 bits: the
 * length of the data, as this machine writes numbers; then name and data. The data of R, a renaming, is the new name.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))next(#name))

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *rule_file, *folder;
static int journal = -1;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BAD_DISK_JOURNAL");
    rule_file = getenv("BAD_DISK_RULE");
    folder = getenv("BAD_DISK_FOLDER");
    if (path) journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The path of an open file; empty where it has none. */
static void path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, size - 1);
    path[length > 0 ? length : 0] = 0;
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), of_end = strlen(end);
    return of_end <= length && strcmp(text + length - of_end, end) == 0;
}

/* The action of the rule for this call; empty where there is none. */
static void action_on(const char *call, const char *path, char *action) {
    char text[512], of[16] = "", end[256] = "";
    action[0] = 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, rule_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[length > 0 ? length : 0] = 0;
    char found[16];
    if (sscanf(text, "%15s %15s %255s", found, of, end) == 3 && strcmp(of, call) == 0 && ends_with(path, end))
        strcpy(action, found);
}

static void note_fired(void) {
    char path[512];
    snprintf(path, sizeof path, "%s.fired", rule_file);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) syscall(SYS_close, fd);
}

/* Does as the rule says; gives whether the call has to fail, with errno set. */
static int fails(const char *call, int fd) {
    if (!rule_file) return 0;
    int before = errno;
    char path[4096], action[16];
    path_of(fd, path, sizeof path);
    action_on(call, path, action);
    if (action[0]) note_fired();
    while (strcmp(action, "hang") == 0) {
        struct timespec moment = {0, 10 * 1000 * 1000};
        nanosleep(&moment, NULL);
        action_on(call, path, action);
    }
    errno = before;
    if (strcmp(action, "eio") == 0) errno = EIO;
    else if (strcmp(action, "enospc") == 0) errno = ENOSPC;
    else return 0;
    return 1;
}

/* The name of a file that the journal is about, in its folder; none for others. The index of the WAL file is made anew after a crash. */
static const char *journaled(const char *path) {
    if (journal < 0 || !folder) return NULL;
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) != 0 || path[length] != '/' || ends_with(path, "-shm")) return NULL;
    return path + length + 1;
}

static void put(char kind, const char *name, uint64_t at, const void *data, uint64_t length) {
    uint32_t of_name = (uint32_t)strlen(name);
    size_t size = 1 + 4 + 8 + 8 + of_name + length;
    char *record = malloc(size), *to = record;
    *to++ = kind;
    memcpy(to, &of_name, 4), to += 4;
    memcpy(to, &at, 8), to += 8;
    memcpy(to, &length, 8), to += 8;
    memcpy(to, name, of_name), to += of_name;
    if (length) memcpy(to, data, length);
    for (size_t done = 0; done < size;) {
        ssize_t wrote = syscall(SYS_write, journal, record + done, size - done);
        if (wrote <= 0) _exit(99);
        done += (size_t)wrote;
    }
    free(record);
}

static ssize_t written(int fd, const void *data, size_t length, off64_t at, int here) {
    if (fails("write", fd)) return -1;
    char path[4096];
    if (journal >= 0) path_of(fd, path, sizeof path);
    const char *name = journal < 0 ? NULL : journaled(path);
    if (name) pthread_mutex_lock(&journal_lock);
    if (name && here) at = lseek64(fd, 0, SEEK_CUR);
    ssize_t wrote = here ? NEXT(write)(fd, data, length) : NEXT(pwrite64)(fd, data, length, at);
    int error = errno;
    if (name && wrote > 0) put('W', name, (uint64_t)at, data, (uint64_t)wrote);
    if (name) pthread_mutex_unlock(&journal_lock);
    errno = error;
    return wrote;
}

static int synced(int fd, int (*sync)(int)) {
    if (fails("sync", fd)) return -1;
    int done = sync(fd), error = errno;
    char path[4096];
    if (journal >= 0 && done == 0) {
        path_of(fd, path, sizeof path);
        const char *name = journaled(path);
        pthread_mutex_lock(&journal_lock);
        if (name) put('S', name, 0, NULL, 0);
        pthread_mutex_unlock(&journal_lock);
    }
    errno = error;
    return done;
}

static int cut(int fd, off64_t length) {
    if (fails("truncate", fd)) return -1;
    char path[4096];
    if (journal >= 0) path_of(fd, path, sizeof path);
    const char *name = journal < 0 ? NULL : journaled(path);
    pthread_mutex_lock(&journal_lock);
    int done = NEXT(ftruncate64)(fd, length), error = errno;
    if (name && done == 0) put('T', name, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&journal_lock);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, 0, 1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return written(fd, data, length, at, 0); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return written(fd, data, length, at, 0); }
int fsync(int fd) { return synced(fd, NEXT(fsync)); }
int fdatasync(int fd) { return synced(fd, NEXT(fdatasync)); }
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

ssize_t read(int fd, void *data, size_t length) { return fails("read", fd) ? -1 : NEXT(read)(fd, data, length); }
ssize_t pread(int fd, void *data, size_t length, off_t at) {
    return fails("read", fd) ? -1 : NEXT(pread)(fd, data, length, at);
}
ssize_t pread64(int fd, void *data, size_t length, off64_t at) {
    return fails("read", fd) ? -1 : NEXT(pread64)(fd, data, length, at);
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&journal_lock);
    int done = NEXT(rename)(from, to), error = errno;
    const char *name = journaled(from), *now = journaled(to);
    if (done == 0 && name && now) put('R', name, 0, now, strlen(now));
    pthread_mutex_unlock(&journal_lock);
    errno = error;
    return done;
}

int unlink(const char *path) {
    pthread_mutex_lock(&journal_lock);
    int done = NEXT(unlink)(path), error = errno;
    const char *name = journaled(path);
    if (done == 0 && name) put('U', name, 0, NULL, 0);
    pthread_mutex_unlock(&journal_lock);
    errno = error;
    return done;
}
