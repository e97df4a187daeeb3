//! The WebAssembly features that are accepted, and names for the others.

use wasmparser::{Error, Validator, WasmFeatures};

/// What the Internet Computer accepts (the embedder's wasmtime configuration, mid 2026).
pub const ACCEPTED: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MEMORY64);

/// A feature that is refused.
pub struct Refused {
    bits: WasmFeatures,
    /// The name of the rule.
    pub rule: &'static str,
    /// The start of the message.
    pub text: &'static str,
}

macro_rules! refused {
    ($($constant:ident $name:literal $text:literal;)*) => {
        &[$(Refused {
            bits: WasmFeatures::$constant,
            rule: concat!("feature.", $name),
            text: concat!("the Internet Computer does not accept ", $text),
        }),*]
    };
}

/// Features by what they need to be told from others: one that builds on another comes after it.
const REFUSED: &[Refused] = refused! {
    MULTI_MEMORY "multi-memory" "more than one memory";
    RELAXED_SIMD "relaxed-simd" "relaxed SIMD, whose results differ between machines";
    EXTENDED_CONST "extended-const" "arithmetic in constant expressions";
    THREADS "threads" "threads, shared memories and atomic instructions";
    EXCEPTIONS "exceptions" "exception handling";
    LEGACY_EXCEPTIONS "legacy-exceptions" "exception handling in its legacy form";
    FUNCTION_REFERENCES "function-references" "typed function references";
    GC "gc" "garbage-collected types";
    WIDE_ARITHMETIC "wide-arithmetic" "wide arithmetic";
    CUSTOM_PAGE_SIZES "custom-page-sizes" "memories with pages of another size than 64 KiB";
    MEMORY_CONTROL "memory-control" "memory.discard";
    STACK_SWITCHING "stack-switching" "stack switching";
    SHARED_EVERYTHING_THREADS "shared-everything-threads" "shared tables, globals and functions";
    COMPONENT_MODEL "component-model" "components, only core modules";
};

/// The feature whose absence makes `module` invalid, if `error` is about one.
///
/// wasmparser does not name the feature in every such error; then each is tried.
pub fn missing(module: &[u8], error: &Error) -> Option<&'static Refused> {
    if let Some(bits) = error.missing_wasm_feature() {
        return REFUSED.iter().find(|refused| bits.contains(refused.bits));
    }
    REFUSED.iter().find(|refused| {
        Validator::new_with_features(ACCEPTED.union(refused.bits)).validate_all(module).is_ok()
    })
}
