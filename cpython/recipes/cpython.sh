# CPython itself. PKG_CONFIG=/bin/false keeps the building machine's libraries from being found; ours are named.
# configure sets the _WASI_EMULATED_* macros; passing them here as well would break timemodule.c.
mkdir "$BUILD/cpython/build"
cd "$BUILD/cpython/build"
# What CPython's own settings for WASI leave out and the bridge has: c/space.c, c/mode.c.
for function in statvfs fstatvfs chmod fchmod fchmodat; do
    echo "ac_cv_func_$function=yes"
done >"$BUILD/config.site"
export PKG_CONFIG=/bin/false CONFIG_SITE="../Tools/wasm/config.site-wasm32-wasi $BUILD/config.site"
export ZLIB_CFLAGS="-I$PREFIX/include" ZLIB_LIBS="-L$PREFIX/lib -lz"
export LIBLZMA_CFLAGS="-I$PREFIX/include" LIBLZMA_LIBS="-L$PREFIX/lib -llzma"
export BZIP2_CFLAGS="-I$PREFIX/include" BZIP2_LIBS="-L$PREFIX/lib -lbz2"
# SQLite's unix layer asks for the process's number.
export LIBSQLITE3_CFLAGS="-I$PREFIX/include" LIBSQLITE3_LIBS="-L$PREFIX/lib -lsqlite3 -lwasi-emulated-getpid"
../configure --host=wasm32-wasip1 --build="$(../config.guess)" --with-build-python="$BUILD_PYTHON" \
    --prefix=/basilisk --disable-test-modules --with-ensurepip=no --with-pymalloc
make -j"$(nproc)" libpython3.13.a Modules/_decimal/libmpdec/libmpdec.a Modules/_hacl/libHacl_Hash_SHA2.a \
    Modules/expat/libexpat.a

for module in zlib _bz2 _lzma _sqlite3; do
    grep -q "^MODULE_$(echo "$module" | tr '[:lower:]' '[:upper:]')_STATE=yes" Makefile || {
        echo "configure did not take up the module $module; see config.log"
        exit 1
    }
done

cp libpython3.13.a Modules/_decimal/libmpdec/libmpdec.a Modules/_hacl/libHacl_Hash_SHA2.a Modules/expat/libexpat.a \
    "$PREFIX/lib/"
mkdir -p "$PREFIX/include/python3.13"
cp -R ../Include/. "$PREFIX/include/python3.13/"
cp pyconfig.h "$PREFIX/include/python3.13/"
cp Modules/config.c "$PREFIX/config.c" # which C modules are linked in: the library bundler reads it
cp -R ../Lib "$PREFIX/Lib"
rm -rf "$PREFIX/Lib/test" "$PREFIX/Lib/idlelib" "$PREFIX/Lib/turtledemo"
find "$PREFIX/Lib" -name __pycache__ -prune -exec rm -rf {} +
# The linker takes the wasi-libc that the objects were compiled against from the toolchain; only its licence
# and the library licences travel along.
mkdir -p "$PREFIX/licences"
cp ../LICENSE "$PREFIX/licences/cpython"
cp "$BUILD/zlib/LICENSE" "$PREFIX/licences/zlib"
cp "$BUILD/xz/COPYING" "$PREFIX/licences/xz"
cp "$BUILD/bzip2/LICENSE" "$PREFIX/licences/bzip2"
cp "$BUILD/sqlite/LICENSE.md" "$PREFIX/licences/sqlite"
