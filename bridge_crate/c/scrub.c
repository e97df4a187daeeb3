/* Zeroes memory that the build phase has freed, so that it does not enter the snapshot.
 *
 * Freed blocks keep their last content; written into a canister it would cost download size and might show
 * what the build saw.  While building, the C allocator's blocks are zeroed as they are freed (the linker's
 * --wrap option leads here); pymalloc's free blocks are zeroed once, at the end.
 */

#include "Python.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_obmalloc.h"
#include "internal/pycore_pystate.h"

#include <stdlib.h>
#include <string.h>

extern void __real_free(void *block);
extern void *__real_realloc(void *block, size_t size);
extern size_t malloc_usable_size(void *block);

static int building = 1;

void
__wrap_free(void *block)
{
    if (building && block != NULL) {
        memset(block, 0, malloc_usable_size(block));
    }
    __real_free(block);
}

void *
__wrap_realloc(void *block, size_t size)
{
    if (!building || block == NULL) {
        return __real_realloc(block, size);
    }
    size_t held = malloc_usable_size(block);
    if (size <= held && size > held / 2) {
        memset((char *)block + size, 0, held - size);
        return block;
    }
    void *moved = malloc(size);
    if (moved != NULL) {
        memcpy(moved, block, held < size ? held : size);
        __wrap_free(block);
    }
    return moved;
}

/* Zeroes a pool's free blocks but for the links of its free list (Objects/obmalloc.c, "Block Management"). */
static void
scrub_pool(struct pool_header *pool)
{
    if (pool->ref.count == 0) {
        /* An empty pool is set up anew by its next user when its size class is unknown. */
        pool->szidx = DUMMY_SIZE_IDX;
        memset((char *)pool + POOL_OVERHEAD, 0, POOL_SIZE - POOL_OVERHEAD);
        return;
    }
    size_t size = INDEX2SIZE(pool->szidx);
    for (pymem_block *block = pool->freeblock; block != NULL; block = *(pymem_block **)block) {
        memset(block + sizeof(pymem_block *), 0, size - sizeof(pymem_block *));
    }
}

/* Ends the build phase. */
void
basilisk_scrub_heap(void)
{
    struct _obmalloc_state *state = _PyInterpreterState_GET()->obmalloc;
    for (uint i = 0; i < state->mgmt.maxarenas; i++) {
        struct arena_object *arena = &state->mgmt.arenas[i];
        if (arena->address == 0) {
            continue;
        }
        uintptr_t pool = (uintptr_t)_Py_ALIGN_UP(arena->address, POOL_SIZE);
        for (; pool < (uintptr_t)arena->pool_address; pool += POOL_SIZE) {
            scrub_pool((struct pool_header *)pool);
        }
    }
    building = 0;
}
