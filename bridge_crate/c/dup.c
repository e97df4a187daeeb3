/* dup: WASI cannot give an open file a second number, the file system can (src/wasi/files.rs).
 *
 * wasi-libc has none and declares none; CPython does so itself (patches/cpython/0114-dup.patch).
 */

#include <errno.h>
#include <stdint.h>

/* Returns an error number. */
extern int basilisk_dup(uint32_t fd, uint32_t *out);

int dup(int fd);

int
dup(int fd)
{
    uint32_t number = 0;
    int error = basilisk_dup((uint32_t)fd, &number);
    if (error) {
        errno = error;
        return -1;
    }
    return (int)number;
}
