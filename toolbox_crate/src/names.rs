//! Tables of instructions, searched by the compiler.  Names are those of `wasmparser::Operator`.

/// Names of instructions.
pub type Names = &'static [&'static str];

/// Whether `names` holds `name`.
pub const fn among(name: &str, names: Names) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same(name.as_bytes(), names[i].as_bytes()) {
            return true;
        }
        i += 1;
    }
    false
}

/// What the row with `name` says of it; `other` if there is none.
pub const fn find<T: Copy>(name: &str, rows: &[(T, Names)], other: T) -> T {
    let mut row = 0;
    while row < rows.len() {
        if among(name, rows[row].1) {
            return rows[row].0;
        }
        row += 1;
    }
    other
}

/// Equality of strings, which the language does not offer in constant expressions.
const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Every name is an operator of wasmparser, so none is misspelt and never found, and comes once.
#[cfg(test)]
pub fn check(tables: &[Names]) {
    macro_rules! collect {
        ($(@$p:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            &[$(stringify!($op)),*]
        };
    }
    let known: Names = wasmparser::for_each_operator!(collect);
    let all = tables.concat();
    for (i, name) in all.iter().enumerate() {
        assert!(known.contains(name), "{name}");
        assert!(!all[..i].contains(name), "{name}");
    }
}
