/* Permissions: WASI has none, so wasi-libc's stat shows none, its chmod does nothing, and its open and mkdir drop them.
 *
 * The file system keeps them (src/wasi/files.rs); the linker's --wrap option leads here.  Nothing is forbidden by
 * them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

extern uint32_t basilisk_mode(uint64_t device, uint64_t node);
extern int basilisk_set_mode(uint64_t device, uint64_t node, uint32_t mode);
/* What is made until the next call gets these permissions, less those of the mask; with -1 those that are usual. */
extern void basilisk_want_mode(int32_t mode);
extern uint32_t basilisk_umask(uint32_t mask);
extern int __real_open(const char *path, int flags, ...);
extern int __real_openat(int fd, const char *path, int flags, ...);
extern int __real_mkdir(const char *path, mode_t mode);
extern int __real_mkdirat(int fd, const char *path, mode_t mode);
extern int __real_fstat(int fd, struct stat *out);
extern int __real___wasilibc_nocwd_fstatat(int fd, const char *path, struct stat *out, int flags);

static int
completed(int failed, struct stat *out)
{
    if (!failed) {
        out->st_mode |= basilisk_mode(out->st_dev, out->st_ino);
    }
    return failed;
}

int
__wrap_fstat(int fd, struct stat *out)
{
    return completed(__real_fstat(fd, out), out);
}

int
__wrap___wasilibc_nocwd_fstatat(int fd, const char *path, struct stat *out, int flags)
{
    return completed(__real___wasilibc_nocwd_fstatat(fd, path, out, flags), out);
}

static int
set(int failed, const struct stat *of, mode_t mode)
{
    if (failed) {
        return -1;
    }
    /* As on Linux: a symbolic link has no permissions of its own. */
    int error = S_ISLNK(of->st_mode) ? EOPNOTSUPP : basilisk_set_mode(of->st_dev, of->st_ino, mode);
    if (error) {
        errno = error;
        return -1;
    }
    return 0;
}

int
__wrap_chmod(const char *path, mode_t mode)
{
    struct stat of;
    return set(stat(path, &of), &of, mode);
}

int
__wrap_fchmod(int fd, mode_t mode)
{
    struct stat of;
    return set(fstat(fd, &of), &of, mode);
}

int
__wrap_fchmodat(int fd, const char *path, mode_t mode, int flags)
{
    struct stat of;
    return set(fstatat(fd, path, &of, flags), &of, mode);
}

/* mode_t has more bits than there are permissions: those alone count, so that no mode is taken for -1. */
#define PERMISSIONS 07777

int
__wrap_open(const char *path, int flags, ...)
{
    if (!(flags & O_CREAT)) {
        return __real_open(path, flags);
    }
    va_list rest;
    va_start(rest, flags);
    basilisk_want_mode(va_arg(rest, mode_t) & PERMISSIONS);
    va_end(rest);
    int fd = __real_open(path, flags);
    basilisk_want_mode(-1);
    return fd;
}

int
__wrap_openat(int fd, const char *path, int flags, ...)
{
    if (!(flags & O_CREAT)) {
        return __real_openat(fd, path, flags);
    }
    va_list rest;
    va_start(rest, flags);
    basilisk_want_mode(va_arg(rest, mode_t) & PERMISSIONS);
    va_end(rest);
    int opened = __real_openat(fd, path, flags);
    basilisk_want_mode(-1);
    return opened;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    basilisk_want_mode(mode & PERMISSIONS);
    int failed = __real_mkdir(path, mode);
    basilisk_want_mode(-1);
    return failed;
}

int
__wrap_mkdirat(int fd, const char *path, mode_t mode)
{
    basilisk_want_mode(mode & PERMISSIONS);
    int failed = __real_mkdirat(fd, path, mode);
    basilisk_want_mode(-1);
    return failed;
}

/* wasi-libc has none and declares none; CPython does so itself (patches/cpython/0113-umask.patch). */
mode_t umask(mode_t mask);

mode_t
umask(mode_t mask)
{
    return basilisk_umask(mask);
}
