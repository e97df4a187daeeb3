/* Decompression of the library's blocks, on the libraries that the interpreter carries anyway.
 *
 * liblzma's options are a large structure with reserved fields; naming it from C keeps its layout out of
 * Rust. */

#include <stddef.h>
#include <stdint.h>
#include <lzma.h>
#include <zlib.h>

/* Decodes a raw LZMA1 stream with end marker; `props` is (pb * 5 + lp) * 9 + lc.  Returns 0 when exactly
 * `out_size` bytes came out. */
int
basilisk_lzma_decode(unsigned props, const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    lzma_options_lzma options = {0};
    options.lc = props % 9;
    options.lp = props / 9 % 5;
    options.pb = props / 45;
    options.dict_size = out_size < LZMA_DICT_SIZE_MIN ? LZMA_DICT_SIZE_MIN : (uint32_t)out_size;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t in_pos = 0, out_pos = 0;
    lzma_ret result = lzma_raw_buffer_decode(filters, NULL, in, &in_pos, in_size, out, &out_pos, out_size);
    return result == LZMA_OK && out_pos == out_size ? 0 : -1;
}

/* Decodes a zlib stream; returns 0 when exactly `out_size` bytes came out. */
int
basilisk_zlib_decode(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
    uLongf length = (uLongf)out_size;
    return uncompress(out, &length, in, (uLong)in_size) == Z_OK && length == out_size ? 0 : -1;
}
