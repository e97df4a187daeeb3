# Shared by all recipes. $BUILD: folder of the unpacked sources; $PREFIX: where results go.
# -ffile-prefix-map: no path of the building machine in an assertion or __FILE__.
export CFLAGS="-O3 -g0 -ffile-prefix-map=$BUILD=/basilisk"
mkdir -p "$PREFIX/lib" "$PREFIX/include"
