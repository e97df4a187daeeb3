#!/bin/sh
# Gives Debian's wasm tools the layout of a wasi-sdk: container-sdk.sh FOLDER. Used by the Containerfile.
set -eu
sdk=$1
llvm=/usr/lib/llvm-19
mkdir -p "$sdk/bin" "$sdk/share/wasi-sysroot"
for tool in clang llvm-ar llvm-ranlib llvm-nm wasm-ld; do
    ln -sf "$llvm/bin/$tool" "$sdk/bin/$tool"
done
ln -sfn /usr/include "$sdk/share/wasi-sysroot/include"
ln -sfn /usr/lib "$sdk/share/wasi-sysroot/lib"
# clang looks for the builtins under the target's whole name; the package has them one folder beside.
builtins=$llvm/lib/clang/19/lib
mkdir -p "$builtins/wasm32-unknown-wasip1"
ln -sf ../wasi/libclang_rt.builtins-wasm32.a "$builtins/wasm32-unknown-wasip1/libclang_rt.builtins.a"
