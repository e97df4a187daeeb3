# wasm-opt for size: operation counts hardly change (-3 % to +2 %), the code gets a seventh smaller.
# --converge is not worth its time. The features are those of clang 19's wasm32 baseline.
"$WASM_OPT" -O2 --strip-debug --strip-producers --strip-target-features \
    --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int \
    "$OUT/linked.wasm" -o "$OUT/optimised.wasm"
