# The C half of the bridge, and the runtime module from everything.
# $SOURCE: copy of bridge_crate; $PREFIX: CPython and its libraries; $OUT: where the results go.
# --wrap: c/scrub.c stands before the allocator, to zero what the build frees; c/mode.c and c/space.c
# add what WASI does not know.
# --stack-first: an overflow of the stack runs below address 0 and traps instead of damaging data.
# inittab.c is config.c without the modules that the library refuses; it stands before the archive that has the latter.
# --emit-relocs: what mentions what, for tools/reachability; nothing of it stays in the artefact.
cd "$OUT"
objects=
for file in "$SOURCE"/c/*.c "$OUT/inittab.c"; do
    object=$OUT/$(basename "$file" .c).o
    # shellcheck disable=SC2086  # CC is a list of words
    $CC -O3 -g0 -Wall -Wextra -Wno-unused-parameter "-ffile-prefix-map=$OUT=/basilisk" \
        "-ffile-prefix-map=$SOURCE=/basilisk/bridge" -DPy_BUILD_CORE \
        "-I$PREFIX/include/python3.13" "-I$PREFIX/include/python3.13/internal" "-I$PREFIX/include" \
        -c "$file" -o "$object"
    objects="$objects $object"
done
# No -O here: clang would run wasm-opt of its own accord, if it finds one; optimise.sh decides about that.
# shellcheck disable=SC2086
$CC -mexec-model=reactor -o "$OUT/linked.wasm" $objects "$OUT/libbasilisk_bridge.a" \
    "$PREFIX/lib/libpython3.13.a" "$PREFIX/lib/libmpdec.a" "$PREFIX/lib/libHacl_Hash_SHA2.a" \
    "$PREFIX/lib/libexpat.a" "$PREFIX/lib/libz.a" "$PREFIX/lib/liblzma.a" "$PREFIX/lib/libbz2.a" \
    "$PREFIX/lib/libsqlite3.a" \
    -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -ldl -lm \
    -Wl,-z,stack-size=8388608 -Wl,--stack-first -Wl,--export=basilisk_mailbox -Wl,--export=basilisk_step \
    -Wl,--export=basilisk_left_out \
    -Wl,--wrap=free -Wl,--wrap=realloc -Wl,--wrap=fstat -Wl,--wrap=__wasilibc_nocwd_fstatat \
    -Wl,--wrap=chmod -Wl,--wrap=fchmod -Wl,--wrap=fchmodat -Wl,--wrap=statvfs -Wl,--wrap=fstatvfs \
    -Wl,--wrap=open -Wl,--wrap=openat -Wl,--wrap=mkdir -Wl,--wrap=mkdirat \
    -Wl,--gc-sections -Wl,--emit-relocs -Wl,-O2
