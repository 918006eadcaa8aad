// SPDX-License-Identifier: Apache-2.0
// Paths of device nodes and sysfs lead into the root; all others stay as they are.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"

static const struct {
    const char *path;
    bool whole; // only as a whole component, not as the beginning of a longer name
} OURS[] = {
    {"/sys/bus/pci", true},        // functions and their attributes
    {"/sys/fs/cgroup", true},      // which container has which node
    {"/dev/xfpga", true},          // sub-devices
    {"/dev/xclmgmt", false},       // management functions
    {"/dev/dri", true},            // user functions
    {"/etc/msd.conf", true},       // configuration of MSD
    {"/opt/xilinx/xrt/lib", true}, // plugins of both daemons
};

static char root[PATH_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_root(void)
{
    const char *text = getenv("CARDLOOP_ROOT");
    if (text && *text && !REAL(realpath)(text, root))
        root[0] = '\0';
}

const char *path_root(void)
{
    pthread_once(&once, find_root);
    return root[0] ? root : NULL;
}

static bool is_ours(const char *path)
{
    for (size_t i = 0; i < sizeof(OURS) / sizeof(OURS[0]); i++) {
        size_t length = strlen(OURS[i].path);
        if (!strncmp(path, OURS[i].path, length) &&
            (!OURS[i].whole || path[length] == '\0' || path[length] == '/'))
            return true;
    }
    return false;
}

// Repeated slashes are one.
static void squeeze(char *path)
{
    char *to = path;
    for (const char *from = path; *from; from++)
        if (*from != '/' || to == path || to[-1] != '/')
            *to++ = *from;
    *to = '\0';
}

const char *path_redirect(int directory, const char *path, char *out)
{
    if (!path || !*path || !path_root())
        return path;
    if (*path == '/') {
        char plain[PATH_MAX];
        if (strlen(path) >= sizeof(plain))
            return path;
        squeeze(strcpy(plain, path));
        if (!is_ours(plain) || snprintf(out, PATH_MAX, "%s%s", root, plain) >= PATH_MAX)
            return path;
        return out;
    }
    if (directory < 0)
        return path;
    // Below a directory that was opened by a redirected path.
    char link[32], base[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
    ssize_t length = REAL(readlink)(link, base, sizeof(base) - 1);
    if (length < 0)
        return path;
    base[length] = '\0';
    size_t depth = strlen(root);
    if (strncmp(base, root, depth) || !is_ours(base + depth) ||
        (size_t)length + 1 + strlen(path) >= PATH_MAX)
        return path;
    return strcat(strcat(strcpy(out, base), "/"), path);
}

void path_outward(char *path)
{
    const char *prefix = path_root();
    size_t length = prefix ? strlen(prefix) : 0;
    if (length && !strncmp(path, prefix, length) && path[length] == '/')
        memmove(path, path + length, strlen(path + length) + 1);
}

bool path_in_sysfs(const char *redirected)
{
    return !strncmp(redirected + strlen(root), "/sys/", 5);
}
