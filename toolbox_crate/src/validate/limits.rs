//! The figures of the rules, given by the host.

macro_rules! limits {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// The figures of the rules.  The host passes them in the order of the fields.
        pub struct Limits {
            $($(#[$doc])* pub $field: u64,)*
        }

        impl Limits {
            /// Read little-endian u64 values, one a field; `None` unless there are exactly as many.
            pub fn read(bytes: &[u8]) -> Option<Self> {
                let mut values = bytes.chunks_exact(8).map(|chunk| {
                    chunk.iter().rev().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte))
                });
                let limits = Self { $($field: values.next()?,)* };
                (values.next().is_none() && bytes.len() % 8 == 0).then_some(limits)
            }
        }
    };
}

limits! {
    /// Bytes of the uncompressed module.
    module_size,
    /// Bytes of the code section.
    code_size,
    /// Bytes of the code section from which on to warn.
    code_size_warning,
    /// Functions defined in the module.
    functions,
    /// Globals.
    globals,
    /// Instructions of one function.
    function_ops,
    /// Complexity of one function.
    function_complexity,
    /// Complexity of one function from which on to warn.
    function_complexity_warning,
    /// Bytes of a function's name.
    function_name,
    /// Exported methods.
    methods,
    /// Bytes of all names of exported methods.
    method_names,
    /// Custom sections of the Internet Computer.
    icp_sections,
    /// Bytes of names and contents of these sections.
    icp_size,
    /// Initial elements of the table.
    table_elements,
    /// Initial pages of a memory with 64-bit addresses.
    memory64_pages,
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn the_number_of_values_must_be_right() {
        let bytes: Vec<u8> = (1..=15_u64).flat_map(u64::to_le_bytes).collect();
        let limits = Limits::read(&bytes).unwrap();
        assert_eq!((limits.module_size, limits.memory64_pages), (1, 15));
        assert!(Limits::read(&bytes[8..]).is_none());
        assert!(Limits::read(&bytes[1..]).is_none());
        assert!(Limits::read(&[&bytes[..], &[0; 8]].concat()).is_none());
    }
}
