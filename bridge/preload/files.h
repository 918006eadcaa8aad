// SPDX-License-Identifier: Apache-2.0
// An open device node or attribute of the program; between files.c, which knows them, and calls.c.

#ifndef CARDLOOP_FILES_H
#define CARDLOOP_FILES_H

#include <pthread.h>
#include <stdatomic.h>

#include "preload.h"

#define ATTRIBUTE_ROOM 65536
#define LIVE ".live"

struct file {
    atomic_int users;
    bool attribute;
    struct live *live;
    // An attribute: its text is fetched when reading begins, as sysfs does.
    pthread_mutex_t reading;
    char *directory, *name;
    int flags;
    bool fetched;
    size_t length, at;
    char text[];
};

// The open file of a descriptor, to be left again; NULL: not one of ours.
struct file *file_enter(int fd);
void file_leave(struct file *file);
// Give an entered file a descriptor number: the number, or -1 with errno (then the file is left).
int file_install(struct file *file, int fd);

#endif
