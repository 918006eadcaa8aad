// SPDX-License-Identifier: Apache-2.0
// udev's monitor: events come from whoever writes to a socket in the root, one datagram each of
// "ACTION=<action>\0SUBSYSTEM=<name>\0DEVPATH=<path>\0". The monitor is the datagram socket
// <root>/run/udev/monitor.<process id>. Programs that do not use libudev never come here.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include "preload.h"

struct udev;
struct udev_monitor {
    int fd;
    char path[PATH_MAX];
};
struct udev_device {
    char *action, *subsystem, *path;
};

EXPORT struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name)
{
    if (!path_root())
        return REAL(udev_monitor_new_from_netlink)(udev, name);
    struct udev_monitor *monitor = calloc(1, sizeof(*monitor));
    char folder[PATH_MAX];
    if (!monitor || snprintf(folder, sizeof(folder), "%s/run/udev", path_root()) >= PATH_MAX - 32) {
        free(monitor);
        errno = ENOMEM;
        return NULL;
    }
    for (char *slash = folder + strlen(path_root()); (slash = strchr(slash + 1, '/')); *slash = '/') {
        *slash = '\0';
        mkdir(folder, 0755);
    }
    mkdir(folder, 0755);
    snprintf(monitor->path, sizeof(monitor->path), "%.*s/monitor.%d", PATH_MAX - 32, folder, getpid());
    unlink(monitor->path);
    // A socket's path has 108 bytes at most, hence the detour.
    int directory = REAL(open)(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/monitor.%d", directory, getpid());
    monitor->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = bind(monitor->fd, (struct sockaddr *)&address, sizeof(address));
    int error = errno;
    REAL(close)(directory);
    if (status == 0)
        return monitor;
    REAL(close)(monitor->fd);
    free(monitor);
    errno = error;
    return NULL;
}

EXPORT int udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
    return path_root() ? 0 : REAL(udev_monitor_enable_receiving)(monitor);
}

EXPORT int udev_monitor_get_fd(struct udev_monitor *monitor)
{
    return path_root() ? monitor->fd : REAL(udev_monitor_get_fd)(monitor);
}

EXPORT struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor)
{
    if (!path_root())
        return REAL(udev_monitor_unref)(monitor);
    unlink(monitor->path);
    REAL(close)(monitor->fd);
    free(monitor);
    return NULL;
}

EXPORT struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor)
{
    if (!path_root())
        return REAL(udev_monitor_receive_device)(monitor);
    char text[4096];
    ssize_t length = recv(monitor->fd, text, sizeof(text) - 1, 0);
    struct udev_device *device = length < 0 ? NULL : calloc(1, sizeof(*device));
    if (!device)
        return NULL;
    text[length] = '\0';
    for (char *item = text; item < text + length; item += strlen(item) + 1) {
        char *value = strchr(item, '=');
        char **place = !value                                ? NULL
                       : !strncmp(item, "ACTION=", 7)    ? &device->action
                       : !strncmp(item, "SUBSYSTEM=", 10) ? &device->subsystem
                       : !strncmp(item, "DEVPATH=", 8)   ? &device->path
                                                         : NULL;
        if (place && !*place)
            *place = strdup(value + 1);
    }
    return device;
}

EXPORT const char *udev_device_get_action(struct udev_device *device)
{
    return path_root() ? device->action : REAL(udev_device_get_action)(device);
}

EXPORT const char *udev_device_get_subsystem(struct udev_device *device)
{
    return path_root() ? device->subsystem : REAL(udev_device_get_subsystem)(device);
}

EXPORT const char *udev_device_get_devpath(struct udev_device *device)
{
    return path_root() ? device->path : REAL(udev_device_get_devpath)(device);
}

EXPORT struct udev_device *udev_device_unref(struct udev_device *device)
{
    if (!path_root())
        return REAL(udev_device_unref)(device);
    free(device->action);
    free(device->subsystem);
    free(device->path);
    free(device);
    return NULL;
}
