//! One entry of `X-Shadow-Hops`: `hop;milliseconds;pair;signature`.
//!
//! Reading is pure and bounded: any bytes may come.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use super::PairId;

/// Entries looked at, and sent on, at most.
pub(super) const ENTRIES_MAX: usize = 8;
/// 10 digits, 20, 16, the signature's 43 letters, and what is between.
const ENTRY_BYTES_MAX: usize = 92;
/// An entry is believed for this long, and that much before its time, since clocks differ.
const FRESH_MS: u64 = 60_000;
const TAG_BYTES: usize = 32;

/// An entry that is well formed; whether it is true is another question.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// How often the request had been copied when this was written, this time included.
    pub hop: u32,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// All of it as it was written.
    pub text: &'a str,
    signed: &'a str,
    tag: [u8; TAG_BYTES],
}

impl<'a> Entry<'a> {
    /// Reads one entry.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > ENTRY_BYTES_MAX {
            return None;
        }
        let (signed, written_tag) = text.rsplit_once(';')?;
        let mut parts = signed.split(';');
        let hop = number(parts.next()?)?.try_into().ok()?;
        let time_ms = number(parts.next()?)?;
        let pair = parts.next()?;
        let is_pair = pair.len() == 16 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_pair || parts.next().is_some() {
            return None;
        }
        let mut tag = [0; TAG_BYTES];
        let decoded = URL_SAFE_NO_PAD.decode_slice(written_tag, &mut tag).ok()?;
        (decoded == TAG_BYTES).then_some(Self { hop, time_ms, text, signed, tag })
    }

    /// The last entries of a header's values, the newest first.
    pub fn newest_first(values: &[&'a [u8]]) -> impl Iterator<Item = Self> {
        values.iter().rev().flat_map(|value| pieces(value)).take(ENTRIES_MAX).filter_map(Self::parse)
    }

    /// Whether whoever wrote this knew `key`; in constant time.
    #[must_use]
    pub fn is_signed_with(&self, key: &hmac::Key) -> bool {
        hmac::verify(key, self.signed.as_bytes(), &self.tag).is_ok()
    }

    /// Whether it was written in this minute.
    #[must_use]
    pub const fn is_fresh(&self, now_ms: u64) -> bool {
        now_ms.abs_diff(self.time_ms) <= FRESH_MS
    }
}

/// The pieces between commas from the last one on, out of as many bytes as all entries may have. What is not text
/// ends them, since no gateway wrote that.
fn pieces(value: &[u8]) -> impl Iterator<Item = &str> {
    let start = value.len().saturating_sub(ENTRIES_MAX * (ENTRY_BYTES_MAX + 2));
    let pieces = value.get(start..).unwrap_or_default().rsplit(|byte| *byte == b',');
    pieces.map_while(|piece| str::from_utf8(piece).ok()).map(str::trim)
}

/// Digits only: no sign, no spaces.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Writes an entry.
pub(super) fn signed(key: &hmac::Key, hop: u32, time_ms: u64, pair: PairId) -> String {
    let mut entry = format!("{hop};{time_ms};{pair}");
    let tag = hmac::sign(key, entry.as_bytes());
    entry.push(';');
    URL_SAFE_NO_PAD.encode_string(tag, &mut entry);
    entry
}
