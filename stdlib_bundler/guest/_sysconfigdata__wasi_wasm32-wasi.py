"""Build variables of a canister's interpreter, read by sysconfig.

CPython generates this module with the folders of the machine it was built on.  None of them exists inside a
canister, so only what programs ask for is here: the names that pick files apart and the width of a pointer.
"""

build_time_vars = {
    "EXT_SUFFIX": ".cpython-313-wasm32-wasi.so",
    "MULTIARCH": "wasm32-wasi",
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
    "Py_GIL_DISABLED": 0,
    "SHLIB_SUFFIX": ".so",
    "SIZEOF_VOID_P": 4,
    "SOABI": "cpython-313-wasm32-wasi",
    "TZPATH": "",
    "VERSION": "3.13",
    "WITH_DOC_STRINGS": 1,
    "WITH_PYMALLOC": 1,
}
