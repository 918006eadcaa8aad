// SPDX-License-Identifier: Apache-2.0
// What the program tells syslog goes to the file CARDLOOP_SYSLOG, or to its standard error.

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "preload.h"

#define JOURNAL_FLOOR 768

static int journal = -1;

// Before the program can close its standard error.
__attribute__((constructor)) static void open_journal(void)
{
    const char *path = getenv("CARDLOOP_SYSLOG");
    int low = path && *path ? REAL(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    journal = fcntl(low < 0 ? STDERR_FILENO : low, F_DUPFD_CLOEXEC, JOURNAL_FLOOR);
    if (low >= 0)
        REAL(close)(low);
}

EXPORT void vsyslog(int priority, const char *format, va_list arguments)
{
    // %m is the caller's errno, and stays so.
    int error = errno;
    char line[4096];
    (void)priority;
    int head = snprintf(line, sizeof(line), "%s[%d]: ", program_invocation_short_name, getpid());
    errno = error;
    vsnprintf(line + head, sizeof(line) - head - 1, format, arguments);
    size_t length = strlen(line);
    if (line[length - 1] != '\n')
        line[length++] = '\n';
    // Nobody to tell when the journal itself fails.
    ssize_t ignored = REAL(write)(journal, line, length);
    (void)ignored;
    errno = error;
}

EXPORT void syslog(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}

EXPORT void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
    (void)flag;
    vsyslog(priority, format, arguments);
}

EXPORT void __syslog_chk(int priority, int flag, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}

EXPORT void openlog(const char *ident, int option, int facility)
{
    (void)ident, (void)option, (void)facility;
}

EXPORT void closelog(void)
{
}
