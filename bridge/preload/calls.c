// SPDX-License-Identifier: Apache-2.0
// The calls that take a descriptor.

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "files.h"

// ioctl DOWNLOAD_AXLF: its argument points to a pointer to the image, whose length is in its header.
#define DOWNLOAD_AXLF _IO('X', 6)
#define COMMAND_MASK 0xFFFF
#define AXLF_HEADER 496
#define AXLF_LENGTH_AT 304
#define AXLF_LONGEST (1ul << 30)

static int64_t failed(int64_t result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

// The attribute's text as of now. The server's file has a position too, so reading again is opening again.
static int64_t fetch(struct file *file)
{
    if (file->fetched) {
        struct live *fresh;
        int ready;
        int error = live_open(file->directory, LIVE, file->name, file->flags, &fresh, &ready);
        if (error)
            return error;
        live_close(file->live);
        file->live = fresh;
    }
    file->fetched = true;
    file->length = 0;
    while (file->length < ATTRIBUTE_ROOM) {
        uint64_t room = ATTRIBUTE_ROOM - file->length;
        struct part part = {&room, sizeof(room)};
        int64_t got = live_request(file->live, LIVE_READ, &part, 1, file->text + file->length, room);
        if (got <= 0)
            return got;
        file->length += got;
    }
    return 0;
}

static int64_t read_attribute(struct file *file, void *into, size_t size, off_t *at)
{
    pthread_mutex_lock(&file->reading);
    off_t from = at ? *at : (off_t)file->at;
    int64_t got = from ? 0 : fetch(file);
    if (!got && (size_t)from < file->length) {
        size_t left = file->length - from;
        got = left < size ? left : size;
        memcpy(into, file->text + from, got);
        if (!at)
            file->at += got;
    }
    pthread_mutex_unlock(&file->reading);
    return got;
}

static ssize_t read_file(struct file *file, void *into, size_t size, off_t *at)
{
    int64_t got;
    if ((file->flags & O_ACCMODE) == O_WRONLY) {
        got = -EBADF;
    } else if (file->attribute) {
        got = read_attribute(file, into, size, at);
    } else {
        uint64_t wanted = size;
        struct part part = {&wanted, sizeof(wanted)};
        got = at ? -ESPIPE : live_request(file->live, LIVE_READ, &part, 1, into, size);
    }
    file_leave(file);
    return failed(got);
}

static ssize_t write_file(struct file *file, const void *from, size_t size)
{
    struct part part = {from, size};
    int64_t done = -EBADF;
    if ((file->flags & O_ACCMODE) != O_RDONLY)
        done = live_request(file->live, LIVE_WRITE, &part, 1, NULL, 0);
    file_leave(file);
    return failed(done);
}

EXPORT ssize_t read(int fd, void *into, size_t size)
{
    struct file *file = file_enter(fd);
    return file ? read_file(file, into, size, NULL) : REAL(read)(fd, into, size);
}

EXPORT ssize_t __read_chk(int fd, void *into, size_t size, size_t room)
{
    return size > room ? (abort(), -1) : read(fd, into, size);
}

EXPORT ssize_t pread(int fd, void *into, size_t size, off_t at)
{
    struct file *file = file_enter(fd);
    return file ? read_file(file, into, size, &at) : REAL(pread)(fd, into, size, at);
}

EXPORT ssize_t pread64(int fd, void *into, size_t size, off_t at)
{
    return pread(fd, into, size, at);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    struct file *file = file_enter(fd);
    if (!file)
        return REAL(readv)(fd, parts, count);
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    // Zeros, because a driver's short read (EMSGSIZE) tells no length: only its header counts.
    char *joined = calloc(1, size + 1);
    ssize_t got = read_file(file, joined, size, NULL);
    int error = errno;
    size_t left = got < 0 ? size : (size_t)got, from = 0;
    for (int i = 0; i < count && left > 0 && (got >= 0 || error == EMSGSIZE); i++) {
        size_t some = parts[i].iov_len < left ? parts[i].iov_len : left;
        memcpy(parts[i].iov_base, joined + from, some);
        from += some;
        left -= some;
    }
    free(joined);
    errno = error;
    return got;
}

EXPORT ssize_t write(int fd, const void *from, size_t size)
{
    struct file *file = file_enter(fd);
    return file ? write_file(file, from, size) : REAL(write)(fd, from, size);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct file *file = file_enter(fd);
    if (!file)
        return REAL(writev)(fd, parts, count);
    size_t size = 0, at = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    char *joined = malloc(size + 1);
    for (int i = 0; i < count; at += parts[i++].iov_len)
        memcpy(joined + at, parts[i].iov_base, parts[i].iov_len);
    ssize_t done = write_file(file, joined, size);
    int error = errno;
    free(joined);
    errno = error;
    return done;
}

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
    struct file *file = file_enter(fd);
    if (!file)
        return REAL(lseek)(fd, offset, whence);
    int64_t at = -ESPIPE;
    if (file->attribute) {
        pthread_mutex_lock(&file->reading);
        at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? (off_t)file->at + offset : -EINVAL;
        if (at >= 0)
            file->at = at;
        pthread_mutex_unlock(&file->reading);
        if (at < 0)
            at = -EINVAL;
    }
    file_leave(file);
    return failed(at);
}

EXPORT off_t lseek64(int fd, off_t offset, int whence)
{
    return lseek(fd, offset, whence);
}

// Memory of this process whose address somebody else named: EFAULT instead of a crash.
static bool fetch_memory(const void *from, void *into, size_t size)
{
    struct iovec here = {into, size}, there = {(void *)from, size};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

static int64_t download(struct file *file, uint32_t command, const void *argument)
{
    const char *image;
    char header[AXLF_HEADER];
    if (!fetch_memory(argument, &image, sizeof(image)) || !fetch_memory(image, header, sizeof(header)))
        return -EFAULT;
    uint64_t length;
    memcpy(&length, header + AXLF_LENGTH_AT, sizeof(length));
    // The driver judges a length that cannot be; it needs no more than the header for that.
    if (length < AXLF_HEADER || length > AXLF_LONGEST)
        length = AXLF_HEADER;
    char *whole = malloc(length);
    int64_t result = -EFAULT;
    if (fetch_memory(image, whole, length)) {
        struct part parts[] = {{&command, sizeof(command)}, {whole, length}};
        result = live_request(file->live, LIVE_IOCTL, parts, 2, NULL, 0);
    }
    free(whole);
    return result;
}

static int64_t control(struct file *file, uint32_t command, void *argument)
{
    if (file->attribute)
        return -ENOTTY;
    if ((command & COMMAND_MASK) == DOWNLOAD_AXLF)
        return download(file, command, argument);
    size_t size = _IOC_SIZE(command);
    char data[1 << _IOC_SIZEBITS];
    memset(data, 0, size);
    if (_IOC_DIR(command) & _IOC_WRITE && !fetch_memory(argument, data, size))
        return -EFAULT;
    struct part parts[] = {{&command, sizeof(command)},
                           {data, _IOC_DIR(command) & _IOC_WRITE ? size : 0}};
    int64_t result = live_request(file->live, LIVE_IOCTL, parts, 2, data, size);
    if (result >= 0 && _IOC_DIR(command) & _IOC_READ)
        memcpy(argument, data, size);
    return result;
}

EXPORT int ioctl(int fd, unsigned long command, ...)
{
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    struct file *file = file_enter(fd);
    if (!file)
        return REAL(ioctl)(fd, command, argument);
    int64_t result = control(file, command, argument);
    file_leave(file);
    return failed(result);
}

EXPORT int fstat(int fd, struct stat *result)
{
    struct file *file = file_enter(fd);
    int status = REAL(fstat)(fd, result);
    if (file && !status) {
        result->st_mode = file->attribute ? S_IFREG | 0644 : S_IFCHR | 0600;
        result->st_size = file->attribute ? 4096 : 0;
    }
    if (file)
        file_leave(file);
    return status;
}

EXPORT int fstat64(int fd, struct stat64 *result)
{
    return fstat(fd, (struct stat *)result);
}

EXPORT int close(int fd)
{
    file_forget(fd);
    return REAL(close)(fd);
}

EXPORT int dup(int fd)
{
    struct file *file = file_enter(fd);
    int copy = REAL(dup)(fd);
    return file ? file_install(file, copy) : copy;
}

EXPORT int dup3(int fd, int copy, int flags)
{
    if (fd == copy)
        return REAL(dup3)(fd, copy, flags);
    struct file *file = file_enter(fd);
    file_forget(copy);
    copy = REAL(dup3)(fd, copy, flags);
    return file ? file_install(file, copy) : copy;
}

EXPORT int dup2(int fd, int copy)
{
    return fd == copy ? REAL(dup2)(fd, copy) : dup3(fd, copy, 0);
}

EXPORT int fclose(FILE *stream)
{
    file_forget(fileno(stream));
    return REAL(fclose)(stream);
}
