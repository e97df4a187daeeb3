# The packed artefact, by the zstd command so that no Python package is needed.
zstd --ultra -22 --single-thread --no-progress -f -q "$OUT/runtime.wasm" -o "$OUT/runtime.wasm.zst"
