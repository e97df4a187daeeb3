/* statvfs: WASI knows nothing of the space in a file system, so that of wasi-libc fails; --wrap leads here. */

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Bytes of the volume with that device number, those that are free, and whether it can be written; src/wasi/files.rs.
 * Returns an error number. */
extern int basilisk_space(uint64_t device, uint64_t *total, uint64_t *available, int *writable);

/* Bytes of a block of /stable; the other volumes count bytes. */
#define BLOCK 4096

static int
fill(const struct stat *of, struct statvfs *out)
{
    uint64_t total, available;
    int writable;
    int error = basilisk_space(of->st_dev, &total, &available, &writable);
    if (error) {
        errno = error;
        return -1;
    }
    *out = (struct statvfs){
        .f_bsize = BLOCK,
        .f_frsize = BLOCK,
        .f_blocks = total / BLOCK,
        .f_bfree = available / BLOCK,
        .f_bavail = available / BLOCK,
        .f_fsid = (unsigned long)of->st_dev,
        .f_flag = writable ? 0 : ST_RDONLY,
        .f_namemax = 255,
    };
    return 0;
}

int
__wrap_statvfs(const char *restrict path, struct statvfs *restrict out)
{
    struct stat of;
    return stat(path, &of) ? -1 : fill(&of, out);
}

int
__wrap_fstatvfs(int fd, struct statvfs *out)
{
    struct stat of;
    return fstat(fd, &of) ? -1 : fill(&of, out);
}
