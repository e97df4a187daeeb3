//! Sockets: a canister has none.

use super::errno;

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_sock_accept(_fd: i32, _flags: i32, _out: i32) -> i32 {
    errno::NOTSUP
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_sock_recv(
    _fd: i32,
    _iovs: i32,
    _count: i32,
    _flags: i32,
    _size: i32,
    _out: i32,
) -> i32 {
    errno::NOTSUP
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_sock_send(
    _fd: i32,
    _iovs: i32,
    _count: i32,
    _flags: i32,
    _size: i32,
) -> i32 {
    errno::NOTSUP
}

#[no_mangle]
extern "C" fn __imported_wasi_snapshot_preview1_sock_shutdown(_fd: i32, _how: i32) -> i32 {
    errno::NOTSUP
}
