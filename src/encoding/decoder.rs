//! The table of backend encodings.

use bytes::Bytes;

use super::{feed, json, xml};
use crate::model::{Data, DecodeError};

/// How a backend's body becomes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// A JSON object.
    Json,
    /// A JSON list, which becomes the member `collection`.
    JsonCollection,
    /// Any JSON value; lists become `collection`, scalars `content`.
    SafeJson,
    /// Any text, which becomes the member `content`.
    Text,
    /// An XML document.
    Xml,
    /// An XML document, which becomes the member `collection`.
    XmlCollection,
    /// An RSS or Atom feed.
    Feed,
    /// Nothing is decoded; the data is an empty object.
    NoOp,
}

impl Decoder {
    /// The decoder that `encoding` names, whatever its case; JSON if there is none of that name, as in KrakenD.
    #[must_use]
    pub fn from_name(name: &str, is_collection: bool) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "safejson" => Self::SafeJson,
            "string" => Self::Text,
            "xml" if is_collection => Self::XmlCollection,
            "xml" => Self::Xml,
            "rss" => Self::Feed,
            "no-op" => Self::NoOp,
            _ if is_collection => Self::JsonCollection,
            _ => Self::Json,
        }
    }

    /// Whether it reads one value and does not care what follows.
    #[must_use]
    pub fn reads_one_value(self) -> bool {
        matches!(self, Self::Json | Self::JsonCollection | Self::SafeJson)
    }

    /// The data in a body. `null` where an object belongs is [`Data`] that is null, not an error.
    ///
    /// # Errors
    /// When the body is not of this encoding, in the words of the original.
    pub fn decode(self, body: Bytes) -> Result<Data, DecodeError> {
        match self {
            Self::Json => json::object(&body),
            Self::JsonCollection => json::collection(&body),
            Self::SafeJson => json::any(&body),
            Self::Text => Ok(Data::wrap(json::CONTENT, Data::String(String::from_utf8_lossy(&body).into_owned()))),
            Self::Xml => xml::decode(&body),
            Self::XmlCollection => Ok(Data::wrap(json::COLLECTION, xml::decode(&body)?)),
            Self::Feed => feed::decode(&body),
            Self::NoOp => {
                drop(body);
                Ok(Data::empty_object())
            }
        }
    }
}
