# The Rust half of the bridge as a static library.
# $SOURCE: copy of bridge_crate; $TARGET: cargo's folder; $OUT: where the results go.
cd "$SOURCE"
export CARGO_TARGET_DIR="$TARGET"
export RUSTFLAGS="--remap-path-prefix=$SOURCE=/basilisk/bridge --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
"$CARGO" rustc --locked --release --lib --target wasm32-wasip1 --crate-type staticlib
cp "$TARGET/wasm32-wasip1/release/libbasilisk_bridge.a" "$OUT/"
