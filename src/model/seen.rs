//! What came back from a call, kept to be compared.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::StatusCode;

use super::{Data, Headers, Kind, body::Held};

/// What a call ended with.
#[derive(Clone, Debug)]
pub enum Sight {
    /// An answer, whatever its status.
    Answer(Seen),
    /// None.
    Failed(Kind),
}

/// An answer.
#[derive(Clone)]
pub struct Seen {
    /// The status that the upstream gave.
    pub status: StatusCode,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: SeenBody,
    /// From the start of the call to the end of an answer that is decoded, or to the head of one that passes through.
    pub took: Duration,
}

/// Headers and bodies hold secrets, so neither is shown.
impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Seen({}, {:?}, {:?})", self.status.as_u16(), self.body, self.took)
    }
}

/// The body of an answer.
#[derive(Clone)]
pub enum SeenBody {
    /// As it came, perhaps packed.
    Bytes(Bytes),
    /// The same in the pieces that it came in: putting them together is for whoever looks into it.
    Pieces(Held),
    /// Decoded, and shaped by the backend's rules.
    Data(Data),
    /// Only what it hashes to: XXH3 with 128 bits of all its bytes.
    Hashed {
        /// How long it is.
        bytes: u64,
        /// The hash.
        hash: u128,
    },
    /// Not kept.
    Unkept(Unkept),
}

impl fmt::Debug for SeenBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Bytes({} bytes)", bytes.len()),
            Self::Pieces(pieces) => write!(formatter, "Pieces({} bytes)", pieces.len()),
            Self::Data(data) => write!(formatter, "Data({})", data.kind().name()),
            Self::Hashed { bytes, hash } => write!(formatter, "Hashed({bytes} bytes, {hash:x})"),
            Self::Unkept(why) => write!(formatter, "Unkept({why:?})"),
        }
    }
}

/// Why a body was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unkept {
    /// It is larger than what is compared.
    TooLarge,
    /// The memory budget is used up.
    NoRoom,
    /// It broke off.
    BrokenOff,
}

/// Somebody who is shown an answer besides the one it is for.
///
/// Its methods run on the thread of the call, which may serve clients: they must not wait.
pub trait Witness: Send + Sync + std::fmt::Debug {
    /// What it wants to see.
    fn wants(&self) -> Wanted;

    /// Reserves room for `bytes` bytes that are kept for it; they are given back with what it was shown.
    fn reserve(&self, bytes: usize) -> bool;

    /// What the call ended with. A call that nobody waits for any more may end without a word.
    fn saw(&self, sight: Sight);
}

/// What of a body a [`Witness`] wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As it came; else decoded and shaped, where the backend decodes.
    pub raw: bool,
    /// Only its hash.
    pub hashed: bool,
    /// At most this many bytes of it.
    pub bytes_max: usize,
}
