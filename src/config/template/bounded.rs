//! A text under construction that refuses to grow beyond its bound.

use super::limits::TEXT_BYTES_MAX;

/// A text of at most [`TEXT_BYTES_MAX`] bytes.
#[derive(Debug, Default)]
pub(super) struct Bounded {
    text: String,
}

impl Bounded {
    /// Adds a piece.
    ///
    /// # Errors
    /// When the text would become too long.
    pub(super) fn push(&mut self, piece: &str) -> Result<(), String> {
        if self.text.len().saturating_add(piece.len()) > TEXT_BYTES_MAX {
            return Err(format!("a text of more than {} MiB", TEXT_BYTES_MAX >> 20));
        }
        self.text.push_str(piece);
        Ok(())
    }

    /// Adds one character.
    ///
    /// # Errors
    /// When the text would become too long.
    pub(super) fn push_char(&mut self, character: char) -> Result<(), String> {
        self.push(character.encode_utf8(&mut [0; 4]))
    }

    /// Adds a piece many times.
    ///
    /// # Errors
    /// When the text would become too long.
    pub(super) fn push_times(&mut self, piece: &str, times: usize) -> Result<(), String> {
        if self.text.len().saturating_add(piece.len().saturating_mul(times)) > TEXT_BYTES_MAX {
            return Err(format!("a text of more than {} MiB", TEXT_BYTES_MAX >> 20));
        }
        self.text.push_str(&piece.repeat(times));
        Ok(())
    }

    /// What was written so far.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}
