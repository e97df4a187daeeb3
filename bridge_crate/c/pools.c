/* Where pymalloc keeps its pools: src/capi/heap.rs takes blocks of them without a call. */

#include "Python.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_obmalloc.h"
#include "internal/pycore_pymem_init.h"
#include "internal/pycore_pystate.h"

/* The table of pools of the interpreter; null when its objects come from another allocator. */
void *
basilisk_used_pools(void)
{
    PyMemAllocatorEx allocator;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &allocator);
    if (allocator.malloc != _PyObject_Malloc) {
        return NULL;
    }
    return _PyInterpreterState_GET()->obmalloc->pools.used;
}
