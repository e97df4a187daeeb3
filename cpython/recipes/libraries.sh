# zlib, liblzma (decoder and encoder, no threads), libbz2 and SQLite as static archives.
# The sources are compiled directly: their configure scripts would add nothing but questions about a host.

compile() { # compile ARCHIVE FLAGS FILES...
    archive=$1 flags=$2
    shift 2
    mkdir -p "$BUILD/objects/$archive"
    objects=
    for file in "$@"; do
        object=$BUILD/objects/$archive/$(echo "$file" | tr / _).o
        # shellcheck disable=SC2086  # CC, CFLAGS and flags are lists of words
        $CC $CFLAGS $flags -c "$file" -o "$object"
        objects="$objects $object"
    done
    # shellcheck disable=SC2086
    $AR rcsD "$PREFIX/lib/$archive" $objects
}

cd "$BUILD/zlib"
compile libz.a "-DHAVE_UNISTD_H" adler32.c compress.c crc32.c deflate.c gzclose.c gzlib.c gzread.c gzwrite.c \
    infback.c inffast.c inflate.c inftrees.c trees.c uncompr.c zutil.c
cp zlib.h zconf.h "$PREFIX/include/"

cd "$BUILD/bzip2"
compile libbz2.a "-D_FILE_OFFSET_BITS=64" blocksort.c huffman.c crctable.c randtable.c compress.c \
    decompress.c bzlib.c
cp bzlib.h "$PREFIX/include/"

cd "$BUILD/xz"
mkdir -p "$BUILD/objects/xz"
cd "$BUILD/objects/xz"
"$BUILD/xz/configure" --host=wasm32-wasi --prefix=/usr --disable-shared --enable-static --disable-threads \
    --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo --disable-lzma-links --disable-scripts \
    --disable-doc --disable-nls --disable-microlzma --disable-lzip-decoder --disable-sandbox \
    --disable-dependency-tracking CC="$CC" AR="$AR" RANLIB="$RANLIB" CFLAGS="$CFLAGS"
make -C src/liblzma -j"$(nproc)"
cp src/liblzma/.libs/liblzma.a "$PREFIX/lib/"
cp -R "$BUILD/xz/src/liblzma/api/lzma.h" "$BUILD/xz/src/liblzma/api/lzma" "$PREFIX/include/"

# SQLite as the one file that its own rules make of the sources; the helpers run on the building machine.
# One thread, one process: no mutexes, locks among its own connections only, no write-ahead log, no mapped
# files, no extensions to load. Temporary tables lie in memory. Nothing is to be synchronised: a message either ends or
# leaves no trace. -Oz: SQLite is in every canister, also in those that never use it.
cd "$BUILD/sqlite"
CC=cc CFLAGS=-O1 ./configure --disable-tcl --disable-shared --disable-threadsafe --disable-load-extension \
    --disable-readline --disable-editline
make sqlite3.c
cp sqlite3.h "$PREFIX/include/"
compile libsqlite3.a "-Oz -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL \
    -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_TEMP_STORE=3 -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_DEPRECATED \
    -DSQLITE_OMIT_RANDOMNESS -DSQLITE_UNTESTABLE -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_DEFAULT_MEMSTATUS=0 \
    -DSQLITE_NO_SYNC -DSQLITE_DISABLE_DIRSYNC -DSQLITE_DEFAULT_UNIX_VFS=\"unix\"" sqlite3.c
