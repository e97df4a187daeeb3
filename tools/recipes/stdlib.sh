# The standard library as one blob, and which of its modules import which.
# $SOURCES: folder with copies of stdlib_bundler and bridge_crate; $PREFIX: CPython; $ZONES: the wheel of tzdata;
# $OUT: where the results go.
cd "$SOURCES"
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
"$BUILD_PYTHON" -m stdlib_bundler --lib "$PREFIX/Lib" --config-c "$PREFIX/config.c" --zones "$ZONES" \
    --frozen "_basilisk_boot=$SOURCES/bridge_crate/python/_basilisk_boot.py" \
    --output "$OUT/stdlib.bin" --imports "$OUT/imports.json"
