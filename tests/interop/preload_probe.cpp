// SPDX-License-Identifier: Apache-2.0
// A program written for XRT's nodes: it does what its words say and prints what it saw.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

static int say(const char *what, long result)
{
    std::cout << what << " " << result << " " << (result < 0 ? strerrorname_np(errno) : "-") << std::endl;
    return result < 0;
}

static int mailbox(const char *path)
{
    int fd = open(path, O_RDWR);
    say("open", fd < 0 ? fd : 0);
    fd_set fds;
    FD_ZERO(&fds);
    FD_SET(fd, &fds);
    timeval now{0, 0};
    say("select", select(fd + 1, &fds, nullptr, nullptr, &now));
    say("request", write(fd, "a message", 9));
    timeval soon{5, 0};
    FD_SET(fd, &fds);
    say("select", select(fd + 1, &fds, nullptr, nullptr, &soon));
    uint64_t head[4] = {0, 0, 0, ~0ull};
    say("short", read(fd, head, 16));
    say("header", read(fd, head, 32));
    printf("%lu %lu %lx %lx\n", head[0], head[1], head[2], head[3]);
    fflush(stdout);
    std::vector<char> frame(32 + head[0]);
    say("frame", read(fd, frame.data(), frame.size()));
    std::cout << std::string(frame.data() + 24, head[0]) << std::endl;
    struct stat found;
    fstat(fd, &found);
    std::cout << (S_ISCHR(found.st_mode) ? "character device" : "something else") << std::endl;
    say("seek", lseek(fd, 0, SEEK_SET));
    // A child that shares our memory closes what it does not need; the file stays open here, and in a
    // duplicate.
    if (vfork() == 0)
        _exit(close(fd));
    wait(nullptr);
    int copy = dup(fd);
    close(fd);
    say("duplicate", read(copy, head, 16));
    return close(copy);
}

static int attribute(const char *path, const char *text)
{
    // Two lines of libstdc++, as AMD's sysfs accessors use it.
    {
        std::fstream stream(path, std::ios::in);
        for (std::string line; std::getline(stream, line);)
            std::cout << "line " << line << std::endl;
    }
    {
        std::fstream stream(path, std::ios::out | std::ios::trunc);
        stream << text;
        stream.flush();
        std::cout << (stream.good() ? "stored" : "refused") << std::endl;
    }
    int fd = open(path, O_RDONLY);
    say("write", write(fd, "1", 1));
    return close(fd);
}

// Reading from the beginning again shows the value of that time.
static int again(const char *path)
{
    int fd = open(path, O_RDONLY);
    for (int i = 0; i < 3; i++) {
        char text[16] = "";
        say("read", pread(fd, text, 1, 0));
        say("rest", pread(fd, text + 1, 14, 1));
        std::cout << text;
    }
    return close(fd);
}

static int download(const char *path, const char *image)
{
    std::ifstream stream(image, std::ios::binary);
    std::vector<char> data{std::istreambuf_iterator<char>(stream), {}};
    const void *argument = data.data();
    int fd = open(path, O_RDWR);
    say("download", ioctl(fd, _IOW('X', 6, void *), &argument));
    argument = nullptr;
    say("nowhere", ioctl(fd, _IOW('X', 6, void *), &argument));
    say("nothing", ioctl(fd, _IOW('X', 6, void *), nullptr));
    say("unknown", ioctl(fd, _IO('X', 77), nullptr));
    return close(fd);
}

// One thread waits in read, another writes; then a signal ends a wait.
static int threads(const char *path)
{
    int fd = open(path, O_RDWR);
    std::vector<char> frame(4096);
    std::thread reader([&] { say("read", read(fd, frame.data(), frame.size())); });
    usleep(100000);
    say("write", write(fd, "a message", 9));
    reader.join();
    std::cout << std::string(frame.data() + 24, 9) << std::endl;
    struct sigaction quiet = {};
    quiet.sa_handler = [](int) {};
    sigaction(SIGUSR1, &quiet, nullptr);
    std::thread waiting([&] { say("read", read(fd, frame.data(), frame.size())); });
    usleep(100000);
    pthread_kill(waiting.native_handle(), SIGUSR1);
    waiting.join();
    return close(fd);
}

static int names(const char *path)
{
    char resolved[PATH_MAX], target[PATH_MAX];
    std::cout << (realpath(path, resolved) ? resolved : "-") << std::endl;
    ssize_t length = readlink(path, target, sizeof(target));
    std::cout << (length < 0 ? "-" : std::string(target, length)) << std::endl;
    struct stat found;
    say("stat", stat(path, &found));
    say("access", access(path, R_OK));
    say("create", open((std::string(path) + "/made").c_str(), O_WRONLY | O_CREAT, 0644));
    return 0;
}

int main(int count, char **words)
{
    std::string what = count > 2 ? words[1] : "";
    if (what == "mailbox")
        return mailbox(words[2]);
    if (what == "attribute")
        return attribute(words[2], words[3]);
    if (what == "download")
        return download(words[2], words[3]);
    if (what == "again")
        return again(words[2]);
    if (what == "open")
        return say("open", open(words[2], O_RDWR)), 0;
    if (what == "threads")
        return threads(words[2]);
    return names(words[2]);
}
