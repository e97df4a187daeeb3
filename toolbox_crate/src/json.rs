//! Writing JSON (RFC 8259): objects and arrays of numbers and strings, no more than reports need.

use alloc::format;
use alloc::string::{String, ToString};

/// A JSON text that grows.
#[derive(Default)]
pub struct Json {
    text: String,
    /// Whether a comma comes before the next item.
    comma: bool,
}

impl Json {
    /// Open an object or array.
    pub fn open(&mut self, bracket: char) -> &mut Self {
        self.separate();
        self.text.push(bracket);
        self.comma = false;
        self
    }

    /// Close an object or array.
    pub fn close(&mut self, bracket: char) -> &mut Self {
        self.text.push(bracket);
        self.comma = true;
        self
    }

    /// The key of the next value.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.text.push(':');
        self.comma = false;
        self
    }

    /// A string value.
    pub fn string(&mut self, value: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(character);
                }
                '\0'..='\x1f' => self.text.push_str(&format!("\\u{:04x}", character as u32)),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
        self.comma = true;
        self
    }

    /// A number.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.separate();
        self.text.push_str(&value.to_string());
        self.comma = true;
        self
    }

    /// The text written so far.
    pub fn into_string(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if self.comma {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn nested_values_and_escapes() {
        let mut json = Json::default();
        json.open('{').key("a").number(1).key("b\"").open('[').string("\\\n").number(2).open('[').close(']');
        json.close(']').key("c").string("é").close('}');
        assert_eq!(json.into_string(), r#"{"a":1,"b\"":["\\\u000a",2,[]],"c":"é"}"#);
    }
}
