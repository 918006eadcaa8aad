// SPDX-License-Identifier: Apache-2.0
// The client's side of the device-file protocol: one connection is one open file.
//
// A connection carries one request at a time, but a kernel lets one thread write while another waits
// in read. So a thread that wants the connection and does not get it soon interrupts the request that
// waits, takes its turn, and the interrupted one starts again: a read or a write that was interrupted
// has done nothing.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

#define KERNEL_ERESTARTSYS 512
#define PATIENCE_NS 20000000
// Connections stay out of the way of the numbers that select(2) can take.
#define CONNECTION_FLOOR 512

struct live {
    int connection;
    pthread_mutex_t lock; // for all below
    pthread_cond_t turn;
    unsigned next, serving; // tickets
    bool waits;             // the request in service was sent and may be interrupted
    bool interrupted;       // ... and was
};

// All bytes of the parts, or false when the server is gone.
static bool send_all(int connection, const struct part *parts, int count)
{
    for (int i = 0; i < count; i++) {
        const char *at = parts[i].data;
        for (size_t left = parts[i].size; left > 0;) {
            ssize_t sent = send(connection, at, left, MSG_NOSIGNAL | (i + 1 < count ? MSG_MORE : 0));
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent <= 0)
                return false;
            at += sent;
            left -= sent;
        }
    }
    return true;
}

static bool send_request(int connection, uint32_t op, const struct part *parts, int count)
{
    uint32_t head[2] = {op, 0};
    struct part all[4] = {{head, sizeof(head)}};
    for (int i = 0; i < count; i++) {
        all[i + 1] = parts[i];
        head[1] += parts[i].size;
    }
    return send_all(connection, all, count + 1);
}

// Under the lock.
static void interrupt(struct live *file)
{
    if (file->waits && !file->interrupted)
        file->interrupted = send_request(file->connection, LIVE_INTERRUPT, NULL, 0);
}

static void take_turn(struct live *file)
{
    pthread_mutex_lock(&file->lock);
    unsigned ticket = file->next++;
    while (ticket != file->serving) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PATIENCE_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        if (pthread_cond_timedwait(&file->turn, &file->lock, &until) == ETIMEDOUT)
            interrupt(file);
    }
    file->interrupted = false;
    pthread_mutex_unlock(&file->lock);
}

static void end_turn(struct live *file)
{
    pthread_mutex_lock(&file->lock);
    file->waits = false;
    file->serving++;
    pthread_cond_broadcast(&file->turn);
    pthread_mutex_unlock(&file->lock);
}

// Receive exactly `size` bytes. *signalled: a signal of this thread came first (its handler has run).
static bool receive_all(struct live *file, void *into, size_t size, bool *signalled)
{
    for (char *at = into; size > 0;) {
        ssize_t got = recv(file->connection, at, size, 0);
        if (got < 0 && errno == EINTR) {
            pthread_mutex_lock(&file->lock);
            *signalled |= file->waits;
            interrupt(file);
            pthread_mutex_unlock(&file->lock);
            continue;
        }
        if (got <= 0)
            return false;
        at += got;
        size -= got;
    }
    return true;
}

static int64_t exchange(struct live *file, uint32_t op, const struct part *parts, int count,
                        void *answer, size_t room, bool *signalled)
{
    if (!send_request(file->connection, op, parts, count))
        return -ENODEV;
    pthread_mutex_lock(&file->lock);
    file->waits = op == LIVE_READ || op == LIVE_WRITE;
    pthread_mutex_unlock(&file->lock);
    struct {
        int32_t result;
        uint32_t length;
    } head;
    if (!receive_all(file, &head, sizeof(head), signalled))
        return -ENODEV;
    size_t wanted = head.length < room ? head.length : room;
    if (!receive_all(file, answer, wanted, signalled))
        return -ENODEV;
    for (size_t rest = head.length - wanted; rest > 0;) {
        char waste[4096];
        size_t some = rest < sizeof(waste) ? rest : sizeof(waste);
        if (!receive_all(file, waste, some, signalled))
            return -ENODEV;
        rest -= some;
    }
    return head.result;
}

int64_t live_request(struct live *file, uint32_t op, const struct part *parts, int count,
                     void *answer, size_t room)
{
    for (;;) {
        bool signalled = false;
        take_turn(file);
        int64_t result = exchange(file, op, parts, count, answer, room, &signalled);
        end_turn(file);
        if (result != -KERNEL_ERESTARTSYS)
            return result;
        if (signalled)
            return -EINTR;
        // Another thread needed the connection.
    }
}

// A connection to the socket, or -errno. A socket's path has 108 bytes at most, hence the detour.
static int dial(const char *directory, const char *base)
{
    int folder = REAL(open)(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", folder, base);
    int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int connection = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, CONNECTION_FLOOR);
    int error = connection < 0 ? errno : 0;
    if (low >= 0)
        REAL(close)(low);
    while (!error && connect(connection, (struct sockaddr *)&address, sizeof(address)) < 0)
        if (errno != EINTR)
            error = errno;
    REAL(close)(folder);
    if (!error)
        return connection;
    if (connection >= 0)
        REAL(close)(connection);
    // A node without a driver behind it.
    return error == ECONNREFUSED ? -ENXIO : -error;
}

// The reply to OPEN. Its first byte may carry a descriptor.
static int receive_opened(int connection, int *ready)
{
    struct {
        int32_t result;
        uint32_t length;
    } head;
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    for (size_t have = 0; have < sizeof(head);) {
        struct iovec into = {(char *)&head + have, sizeof(head) - have};
        struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1};
        message.msg_control = control.room;
        message.msg_controllen = sizeof(control.room);
        ssize_t got = recvmsg(connection, &message, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -ENODEV;
        struct cmsghdr *extra = CMSG_FIRSTHDR(&message);
        if (extra && extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SCM_RIGHTS)
            memcpy(ready, CMSG_DATA(extra), sizeof(*ready));
        have += got;
    }
    return head.result;
}

int live_open(const char *directory, const char *base, const char *name, int flags,
              struct live **file, int *ready)
{
    int connection = dial(directory, base);
    if (connection < 0)
        return connection;
    *ready = -1;
    uint32_t word = flags;
    struct part parts[] = {{&word, sizeof(word)}, {name, strlen(name)}};
    int result = send_request(connection, LIVE_OPEN, parts, 2) ? receive_opened(connection, ready)
                                                               : -ENODEV;
    *file = result < 0 ? NULL : calloc(1, sizeof(**file));
    if (!*file) {
        if (*ready >= 0)
            REAL(close)(*ready);
        REAL(close)(connection);
        return result < 0 ? result : -ENOMEM;
    }
    (*file)->connection = connection;
    pthread_mutex_init(&(*file)->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&(*file)->turn, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return 0;
}

void live_close(struct live *file)
{
    REAL(close)(file->connection);
    pthread_cond_destroy(&file->turn);
    pthread_mutex_destroy(&file->lock);
    free(file);
}
