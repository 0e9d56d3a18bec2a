//! JSON bodies: which kinds of value each flavour takes.

use bytes::Bytes;

use crate::model::{Data, DataKind, DecodeError};

/// The member under which a list travels.
pub(super) const COLLECTION: &str = "collection";
/// The member under which a scalar travels.
pub(super) const CONTENT: &str = "content";

/// An object, or null.
pub(super) fn object(body: &Bytes) -> Result<Data, DecodeError> {
    let data = Data::parse(body)?;
    match data.kind() {
        DataKind::Object | DataKind::Null => Ok(data),
        other => Err(mismatch(other, "map[string]interface {}")),
    }
}

/// A list, or null, wrapped.
pub(super) fn collection(body: &Bytes) -> Result<Data, DecodeError> {
    let data = Data::parse(body)?;
    match data.kind() {
        DataKind::Array | DataKind::Null => Ok(Data::wrap(COLLECTION, data)),
        other => Err(mismatch(other, "[]interface {}")),
    }
}

/// Anything, wrapped unless it is an object.
pub(super) fn any(body: &Bytes) -> Result<Data, DecodeError> {
    let data = Data::parse(body)?;
    Ok(match data.kind() {
        DataKind::Object => data,
        DataKind::Array => Data::wrap(COLLECTION, data),
        _ => Data::wrap(CONTENT, data),
    })
}

fn mismatch(found: DataKind, wanted: &str) -> DecodeError {
    DecodeError::new(format!("json: cannot unmarshal {} into Go value of type {wanted}", found.name()))
}
