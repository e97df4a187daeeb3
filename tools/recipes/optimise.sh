# wasm-opt for size: operation counts hardly change (-3 % to +2 %), the code gets a seventh smaller.
# -Os and -Oz save another 10 KB of the packed canister and cost operations. The data stays as it is: splitting
# it at its zeros gives ten thousand segments, and the link of a canister writes segments of its own.
# The features are those of clang 19's baseline for wasm32.
"$WASM_OPT" -O2 --skip-pass=memory-packing --strip-debug --strip-producers --strip-target-features \
    --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int \
    "$OUT/linked.wasm" -o "$OUT/optimised.wasm"
