/* Where pymalloc keeps its pools: src/capi/heap.rs takes blocks of them without a call. */

#include "Python.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_obmalloc.h"
#include "internal/pycore_pymem_init.h"
#include "internal/pycore_pystate.h"

/* The table of pools of the interpreter; null when its objects or its memory come from another allocator. */
void *
basilisk_used_pools(void)
{
    PyMemAllocatorEx objects, memory;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &objects);
    PyMem_GetAllocator(PYMEM_DOMAIN_MEM, &memory);
    if (objects.malloc != _PyObject_Malloc || memory.malloc != _PyObject_Malloc) {
        return NULL;
    }
    return _PyInterpreterState_GET()->obmalloc->pools.used;
}
