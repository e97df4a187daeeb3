/* Permissions: WASI has none, so wasi-libc's stat shows none and its chmod does nothing.
 *
 * The file system keeps them (src/wasi/files.rs); the linker's --wrap option leads here.  Nothing is forbidden by
 * them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

extern uint32_t basilisk_mode(uint64_t device, uint64_t node);
extern int basilisk_set_mode(uint64_t device, uint64_t node, uint32_t mode);
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
