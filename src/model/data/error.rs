//! Why bytes could not be decoded, in the words KrakenD would use.
//!
//! Promises: the text is lower case, one line, and quotes at most one character of what was read.

/// A body that is not what its encoding says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(String);

impl DecodeError {
    /// An error with this text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The body had nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self::new("EOF")
    }

    /// The body ended inside a value.
    #[must_use]
    pub fn truncated() -> Self {
        Self::new("unexpected EOF")
    }

    /// A byte that may not stand where it stands; `place` says where that is.
    #[must_use]
    pub fn unexpected(byte: u8, place: &str) -> Self {
        Self(format!("invalid character {} {place}", quoted(byte)))
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// The byte between quotes, as Go prints it: as the character with that code.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".into(),
        b'\\' => r"'\\'".into(),
        0x07 => r"'\a'".into(),
        0x08 => r"'\b'".into(),
        0x0b => r"'\v'".into(),
        0x0c => r"'\f'".into(),
        b'\n' => r"'\n'".into(),
        b'\r' => r"'\r'".into(),
        b'\t' => r"'\t'".into(),
        0..=0x1f | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}
