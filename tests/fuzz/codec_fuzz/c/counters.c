/* What an input costs, counted instead of timed: steps (edges of the instrumented code that were taken) and bytes
 * that were asked of Python's allocators and of Rust's.  Nothing is subtracted for what is freed, so a bound on the
 * sum is a bound on the peak. */

#include <stddef.h>
#include <stdint.h>

#define INSIDE __attribute__((visibility("hidden")))

INSIDE uint64_t codec_fuzz_steps;
INSIDE uint64_t codec_fuzz_claimed;

/* Called by the instrumentation at every edge (SanitizerCoverage, trace-pc). */
INSIDE void __sanitizer_cov_trace_pc(void) { codec_fuzz_steps++; }

/* PyMemAllocatorEx and PyMemAllocatorDomain as CPython 3.13 declares them (Include/cpython/pymem.h). */
typedef struct {
    void *ctx;
    void *(*malloc)(void *ctx, size_t size);
    void *(*calloc)(void *ctx, size_t count, size_t size);
    void *(*realloc)(void *ctx, void *block, size_t size);
    void (*free)(void *ctx, void *block);
} Allocator;

enum { DOMAINS = 3 };

void PyMem_GetAllocator(int domain, Allocator *allocator);
void PyMem_SetAllocator(int domain, Allocator *allocator);

static Allocator original[DOMAINS];

static void *counted_malloc(void *ctx, size_t size)
{
    Allocator *under = ctx;
    codec_fuzz_claimed += size;
    return under->malloc(under->ctx, size);
}

static void *counted_calloc(void *ctx, size_t count, size_t size)
{
    Allocator *under = ctx;
    codec_fuzz_claimed += count * size;
    return under->calloc(under->ctx, count, size);
}

static void *counted_realloc(void *ctx, void *block, size_t size)
{
    Allocator *under = ctx;
    codec_fuzz_claimed += size;
    return under->realloc(under->ctx, block, size);
}

static void counted_free(void *ctx, void *block)
{
    Allocator *under = ctx;
    under->free(under->ctx, block);
}

INSIDE void codec_fuzz_count_allocations(void)
{
    for (int domain = 0; domain < DOMAINS; domain++) {
        PyMem_GetAllocator(domain, &original[domain]);
        Allocator counted = {&original[domain], counted_malloc, counted_calloc, counted_realloc, counted_free};
        PyMem_SetAllocator(domain, &counted);
    }
}
