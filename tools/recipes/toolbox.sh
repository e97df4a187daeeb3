# The toolbox: validator and deflate, a WebAssembly module of its own.
# $SOURCE: copy of toolbox_crate; $TARGET: cargo's folder; $OUT: where the results go.
cd "$SOURCE"
export CARGO_TARGET_DIR="$TARGET"
export RUSTFLAGS="--remap-path-prefix=$SOURCE=/basilisk/toolbox --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
"$CARGO" build --locked --release --target wasm32-wasip1
set -- "$TARGET"/wasm32-wasip1/release/*.wasm
[ $# -eq 1 ] || { echo "expected one module, found: $*"; exit 1; }
cp "$1" "$OUT/toolbox.wasm"
