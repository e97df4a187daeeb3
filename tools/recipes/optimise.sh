# wasm-opt for size: operation counts hardly change (-3 % to +2 %), the code gets a seventh smaller.
# -Os and -Oz save another 10 KB of the packed canister and cost operations. The data stays as it is: splitting
# it at its zeros gives ten thousand segments, and the link of a canister writes segments of its own.
# -g keeps the names of functions, which are their numbers before (tools/reachability/names.py) and go afterwards.
# The features are those of clang 19's baseline for wasm32.
"$WASM_OPT" -O2 -g --skip-pass=memory-packing \
    --enable-mutable-globals --enable-sign-ext --enable-bulk-memory --enable-nontrapping-float-to-int \
    "$OUT/numbered.wasm" -o "$OUT/optimised.wasm"
