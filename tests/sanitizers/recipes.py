"""Shell recipes for what is built with the address sanitizer, by the toolchain's gcc and rustc."""

from __future__ import annotations

__all__ = ["CODEC", "PYTHON"]

# SIZEOF_WCHAR_T is looked at because configure takes programs that do not run for types without a size.
# detect_leaks: interpreters leave memory behind at their end. The options are compiled in, because the
# runtime
# reads the environment from /proc, which a plain chroot does not have.
PYTHON = """\
export CC=gcc AR=ar RANLIB=ranlib # the toolchain's own are those for WebAssembly
mkdir -p "$OUT/build"
cd "$OUT"
printf '%s\\n' 'const char *__asan_default_options(void) {' \\
    '    return "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1"; }' >options.c
gcc -c -fPIC options.c -o options.o
cd build
"$SOURCE/configure" --with-address-sanitizer --with-pydebug --disable-ipv6 --with-ensurepip=no \\
    --disable-test-modules CFLAGS="-O1 -g1 -fno-omit-frame-pointer" LIBS="$OUT/options.o"
grep -q '^#define SIZEOF_WCHAR_T 4' pyconfig.h
make -j"$(nproc)" python
make -k -j"$(nproc)" sharedmods || true
./python -c 'import pickle, enum, dataclasses, itertools'
"""

# The sanitizer's runtime is the one of the interpreter that loads the library. RUSTC_BOOTSTRAP: the
# compiler's
# sanitizers are behind an unstable option.
CODEC = """\
cd "$SOURCE/bridge_crate/codec_native"
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address -Zexternal-clangrt -Cforce-frame-pointers=yes -Cdebuginfo=1"
CARGO_TARGET_DIR="$TARGET" "$CARGO" build --locked --offline --release --target "$host"
cp "$TARGET/$host/release/libbasilisk_codec.so" "$OUT/"
"""
