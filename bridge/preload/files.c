// SPDX-License-Identifier: Apache-2.0
// Descriptors of device nodes and attributes. A program calls read, write, ioctl and close on them;
// select and poll need no help, because a mailbox node's descriptor is the server's readiness pipe.
// stdio's own buffers go past this library (libc calls itself), libstdc++'s streams do not.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

#define MAX_FD 4096

static struct file *table[MAX_FD];
// The process whose files these are. A child has the same memory for a while (vfork) or a copy of it.
static pid_t owner;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

void file_leave(struct file *file)
{
    if (atomic_fetch_sub(&file->users, 1) > 1)
        return;
    live_close(file->live);
    pthread_mutex_destroy(&file->reading);
    free(file->directory);
    free(file->name);
    free(file);
}

struct file *file_enter(int fd)
{
    if (fd < 0 || fd >= MAX_FD || !table[fd] || getpid() != owner)
        return NULL;
    pthread_mutex_lock(&table_lock);
    struct file *file = table[fd];
    if (file)
        atomic_fetch_add(&file->users, 1);
    pthread_mutex_unlock(&table_lock);
    return file;
}

void file_forget(int fd)
{
    if (fd < 0 || fd >= MAX_FD || !table[fd] || getpid() != owner)
        return;
    pthread_mutex_lock(&table_lock);
    struct file *file = table[fd];
    table[fd] = NULL;
    pthread_mutex_unlock(&table_lock);
    if (file)
        file_leave(file);
}

static bool is_socket(const char *directory, const char *base)
{
    char path[PATH_MAX];
    struct stat found;
    return snprintf(path, sizeof(path), "%s/%s", directory, base) < PATH_MAX &&
           !REAL(stat)(path, &found) && S_ISSOCK(found.st_mode);
}

// Splits the real path of an attribute into the function's directory (in place) and the attribute's
// name; false when there is no function above.
static bool split_attribute(char *path, char *name)
{
    char whole[PATH_MAX];
    strcpy(whole, path);
    size_t depth = strlen(path_root());
    for (char *slash; (slash = strrchr(path, '/')) && (size_t)(slash - path) > depth;) {
        *slash = '\0';
        if (is_socket(path, LIVE)) {
            strcpy(name, whole + strlen(path) + 1);
            return true;
        }
    }
    return false;
}

int file_install(struct file *file, int fd)
{
    if (fd < 0 || fd >= MAX_FD) {
        int error = fd < 0 ? errno : EMFILE;
        if (fd >= 0)
            REAL(close)(fd);
        file_leave(file);
        errno = error;
        return -1;
    }
    pthread_mutex_lock(&table_lock);
    if (owner != getpid())
        memset(table, 0, sizeof(table)); // what a child inherited is its parent's
    owner = getpid();
    table[fd] = file;
    pthread_mutex_unlock(&table_lock);
    return fd;
}

static int open_live(const char *directory, const char *base, const char *name, int flags)
{
    struct live *live;
    int fd;
    int error = live_open(directory, base, name, flags, &live, &fd);
    if (error) {
        errno = -error;
        return -1;
    }
    bool attribute = *name;
    struct file *file = calloc(1, sizeof(*file) + (attribute ? ATTRIBUTE_ROOM : 0));
    file->users = 1;
    file->attribute = attribute;
    file->live = live;
    file->flags = flags;
    file->directory = strdup(directory);
    file->name = strdup(name);
    pthread_mutex_init(&file->reading, NULL);
    if (fd < 0) {
        // A number whose reads and writes fail loudly, should they get past this library.
        fd = epoll_create1(flags & O_CLOEXEC ? EPOLL_CLOEXEC : 0);
    } else if (flags & O_CLOEXEC) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return file_install(file, fd);
}

int file_open(const char *path, int flags)
{
    char directory[PATH_MAX], name[PATH_MAX];
    struct stat found;
    const char *base = strrchr(path, '/') + 1;
    if (flags & (O_PATH | O_DIRECTORY) || REAL(stat)(path, &found)) {
        if (!(flags & O_CREAT) || errno != ENOENT || !path_in_sysfs(path))
            return -2;
        errno = EACCES;
        return -1;
    }
    if (S_ISSOCK(found.st_mode)) {
        snprintf(directory, sizeof(directory), "%.*s", (int)(base - path), path);
        return open_live(directory, base, "", flags);
    }
    if (!S_ISREG(found.st_mode) || !path_in_sysfs(path) || !REAL(realpath)(path, directory) ||
        !split_attribute(directory, name))
        return -2;
    int fd = open_live(directory, LIVE, name, flags);
    // A file that is not an attribute of the driver, such as `resource`.
    return fd < 0 && errno == ENOENT && (flags & O_ACCMODE) == O_RDONLY ? -2 : fd;
}
