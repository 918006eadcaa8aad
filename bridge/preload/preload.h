// SPDX-License-Identifier: Apache-2.0
// What the files of the preloaded library share.
//
// A program started with this library sees the device nodes and sysfs attributes of simulated cards
// where XRT's drivers would have put them. Its paths lead into the directory CARDLOOP_ROOT; a Unix
// socket there is a device node, and so is every attribute of a PCI function whose directory has a
// socket `.live`. Both are spoken to with the device-file protocol of pydriver/devices/protocol.py.

#ifndef CARDLOOP_PRELOAD_H
#define CARDLOOP_PRELOAD_H

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EXPORT __attribute__((visibility("default")))

// The next library's function of this name. Finding it twice does no harm.
#define REAL(function)                                                        \
    ({                                                                        \
        static __typeof__(function) *found;                                   \
        if (!found)                                                           \
            found = (__typeof__(function) *)dlsym(RTLD_NEXT, #function);      \
        found;                                                                \
    })

// ---- paths.c: which path means what

// The file of the root that `path` (relative to `directory`, as in openat) means; `path` itself, if it
// is none of ours. `out` has PATH_MAX bytes.
const char *path_redirect(int directory, const char *path, char *out);
// The same path as the program knows it: without the root. In place.
void path_outward(char *path);
// Whether a redirected path is in sysfs, where programs cannot create files.
bool path_in_sysfs(const char *redirected);
// The root, or NULL when the library has nothing to do.
const char *path_root(void);

// ---- live.c: one open file of the protocol

struct live;
struct part {
    const void *data;
    size_t size;
};
enum { LIVE_OPEN = 1, LIVE_READ, LIVE_WRITE, LIVE_IOCTL, LIVE_INTERRUPT };

// Open `name` ("" for a device node) behind the socket `base` in `directory`. On success 0, *file, and
// in *ready the descriptor that is readable while a read would not wait, -1 if there is none.
// -errno otherwise.
int live_open(const char *directory, const char *base, const char *name, int flags,
              struct live **file, int *ready);
// One request: the result, or -errno; up to `room` bytes of the answer's data. From any thread.
int64_t live_request(struct live *file, uint32_t op, const struct part *parts, int count,
                     void *answer, size_t room);
void live_close(struct live *file);

// ---- files.c: the descriptors that are ours

// As open(2): a descriptor number or -1 with errno. `path` is a redirected one; -2: an ordinary file.
int file_open(const char *path, int flags);
// The program closes the descriptor: forget it. Closing the number itself is the caller's.
void file_forget(int fd);

#endif
