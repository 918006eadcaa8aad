// SPDX-License-Identifier: Apache-2.0
// The calls that take a path.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "preload.h"

// A range of device numbers for local use; the minor number tells nodes apart.
#define LOCAL_MAJOR 240

// ---- opening

static int open_any(int directory, const char *path, int flags, mode_t mode)
{
    char room[PATH_MAX];
    const char *target = path_redirect(directory, path, room);
    if (target != path) {
        int fd = file_open(target, flags);
        if (fd != -2)
            return fd;
    }
    return REAL(openat)(directory, target, flags, mode);
}

// The mode argument of an open call, which is there only when a file may be made.
#define MODE_AFTER(flags)                                                     \
    ({                                                                        \
        mode_t mode_ = 0;                                                     \
        if ((flags) & (O_CREAT | __O_TMPFILE)) {                              \
            va_list list_;                                                    \
            va_start(list_, flags);                                           \
            mode_ = va_arg(list_, mode_t);                                    \
            va_end(list_);                                                    \
        }                                                                     \
        mode_;                                                                \
    })

EXPORT int open(const char *path, int flags, ...)
{
    return open_any(AT_FDCWD, path, flags, MODE_AFTER(flags));
}

EXPORT int open64(const char *path, int flags, ...)
{
    return open_any(AT_FDCWD, path, flags, MODE_AFTER(flags));
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
    return open_any(directory, path, flags, MODE_AFTER(flags));
}

EXPORT int openat64(int directory, const char *path, int flags, ...)
{
    return open_any(directory, path, flags, MODE_AFTER(flags));
}

EXPORT int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int directory, const char *path, int flags)
{
    return open_any(directory, path, flags, 0);
}

EXPORT int __openat64_2(int directory, const char *path, int flags)
{
    return open_any(directory, path, flags, 0);
}

EXPORT int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode)
{
    return creat(path, mode);
}

static int flags_of(const char *mode)
{
    int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
    if (*mode == 'w')
        flags |= O_CREAT | O_TRUNC;
    if (*mode == 'a')
        flags |= O_CREAT | O_APPEND;
    return strchr(mode, 'e') ? flags | O_CLOEXEC : flags;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
    char room[PATH_MAX];
    const char *target = path_redirect(AT_FDCWD, path, room);
    int fd = target == path ? -2 : file_open(target, flags_of(mode));
    if (fd == -2)
        return REAL(fopen)(target, mode);
    return fd < 0 ? NULL : fdopen(fd, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

// ---- looking

// A device node looks like one.
static int as_node(int status, bool redirected, struct stat *result)
{
    if (!status && redirected && S_ISSOCK(result->st_mode)) {
        result->st_mode = S_IFCHR | (result->st_mode & 07777);
        result->st_rdev = makedev(LOCAL_MAJOR, result->st_ino & 0xFFFFF);
    }
    return status;
}

EXPORT int fstatat(int directory, const char *path, struct stat *result, int flags)
{
    char room[PATH_MAX];
    const char *target = path_redirect(directory, path, room);
    return as_node(REAL(fstatat)(directory, target, result, flags), target != path, result);
}

EXPORT int fstatat64(int directory, const char *path, struct stat64 *result, int flags)
{
    return fstatat(directory, path, (struct stat *)result, flags);
}

EXPORT int stat(const char *path, struct stat *result)
{
    return fstatat(AT_FDCWD, path, result, 0);
}

EXPORT int stat64(const char *path, struct stat64 *result)
{
    return fstatat(AT_FDCWD, path, (struct stat *)result, 0);
}

EXPORT int lstat(const char *path, struct stat *result)
{
    return fstatat(AT_FDCWD, path, result, AT_SYMLINK_NOFOLLOW);
}

EXPORT int lstat64(const char *path, struct stat64 *result)
{
    return fstatat(AT_FDCWD, path, (struct stat *)result, AT_SYMLINK_NOFOLLOW);
}

EXPORT int statx(int directory, const char *path, int flags, unsigned mask, struct statx *result)
{
    char room[PATH_MAX];
    const char *target = path_redirect(directory, path, room);
    int status = REAL(statx)(directory, target, flags, mask, result);
    if (!status && target != path && S_ISSOCK(result->stx_mode)) {
        result->stx_mode = S_IFCHR | (result->stx_mode & 07777);
        result->stx_rdev_major = LOCAL_MAJOR;
        result->stx_rdev_minor = result->stx_ino & 0xFFFFF;
    }
    return status;
}

EXPORT int faccessat(int directory, const char *path, int mode, int flags)
{
    char room[PATH_MAX];
    return REAL(faccessat)(directory, path_redirect(directory, path, room), mode, flags);
}

EXPORT int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

EXPORT int eaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

EXPORT int euidaccess(const char *path, int mode)
{
    return eaccess(path, mode);
}

// ---- links and directories

EXPORT ssize_t readlinkat(int directory, const char *path, char *into, size_t size)
{
    char room[PATH_MAX], link[PATH_MAX];
    const char *target = path_redirect(directory, path, room);
    if (target == path)
        return REAL(readlinkat)(directory, path, into, size);
    ssize_t length = REAL(readlinkat)(directory, target, link, sizeof(link) - 1);
    if (length < 0)
        return length;
    link[length] = '\0';
    path_outward(link);
    size_t some = strlen(link) < size ? strlen(link) : size;
    memcpy(into, link, some);
    return some;
}

EXPORT ssize_t readlink(const char *path, char *into, size_t size)
{
    return readlinkat(AT_FDCWD, path, into, size);
}

EXPORT char *realpath(const char *path, char *resolved)
{
    char room[PATH_MAX];
    const char *target = path_redirect(AT_FDCWD, path, room);
    char *result = REAL(realpath)(target, resolved);
    if (result && target != path)
        path_outward(result);
    return result;
}

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t size)
{
    return size < PATH_MAX ? (abort(), NULL) : realpath(path, resolved);
}

EXPORT char *canonicalize_file_name(const char *path)
{
    return realpath(path, NULL);
}

EXPORT DIR *opendir(const char *path)
{
    char room[PATH_MAX];
    return REAL(opendir)(path_redirect(AT_FDCWD, path, room));
}

EXPORT int scandir(const char *path, struct dirent ***list, int (*keep)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **))
{
    char room[PATH_MAX];
    return REAL(scandir)(path_redirect(AT_FDCWD, path, room), list, keep, compare);
}

EXPORT int scandir64(const char *path, struct dirent64 ***list,
                     int (*keep)(const struct dirent64 *),
                     int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
    char room[PATH_MAX];
    return REAL(scandir64)(path_redirect(AT_FDCWD, path, room), list, keep, compare);
}

// ---- plugins of the daemons

EXPORT void *dlopen(const char *path, int flags)
{
    char room[PATH_MAX];
    return REAL(dlopen)(path_redirect(AT_FDCWD, path, room), flags);
}
