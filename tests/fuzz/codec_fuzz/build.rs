//! Compiles what is not Rust: the counters, which would count themselves as instrumented code, and libFuzzer.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `main`, and stand-ins for functions of the C library, which a shared library cannot have.
const LEFT_OUT: [&str; 2] = ["FuzzerMain.cpp", "FuzzerInterceptors.cpp"];

fn main() {
    println!("cargo:rerun-if-changed=c/counters.c");
    cc::Build::new().file("c/counters.c").opt_level(2).compile("counters");

    let mut build = cc::Build::new();
    for entry in libfuzzer().read_dir().expect("libFuzzer's sources can be listed") {
        let path = entry.expect("libFuzzer's sources can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".cpp") && !LEFT_OUT.contains(&name) {
            build.file(path);
        }
    }
    // Its own trace_pc does nothing; ours counts.
    build.define("__sanitizer_cov_trace_pc", "libfuzzer_trace_pc");
    build.cpp(true).std("c++17").opt_level(2).warnings(false).compile("fuzzer");
}

/// Where cargo has put the sources that come with `libfuzzer-sys`.
fn libfuzzer() -> PathBuf {
    let cargo = env::var_os("CARGO").expect("cargo sets CARGO");
    // Without the filter, cargo asks for the crates of all platforms, which nobody has fetched.
    let platform = env::var("TARGET").expect("cargo sets TARGET");
    let arguments = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", &platform];
    let answer = Command::new(cargo).args(arguments).output().expect("cargo runs");
    assert!(answer.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&answer.stderr));
    let text = String::from_utf8(answer.stdout).expect("cargo writes UTF-8");
    let manifest = text
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains("/libfuzzer-sys-"))
        .expect("the crate libfuzzer-sys is a dependency");
    Path::new(manifest).with_file_name("libfuzzer")
}
