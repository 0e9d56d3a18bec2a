//! The table of output encodings.

use bytes::Bytes;

use super::{
    json::{COLLECTION, CONTENT},
    negotiate, xml, yaml,
};
use crate::model::Data;

/// How data becomes the body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoder {
    /// The data as JSON.
    Json,
    /// The value of the member `collection` as JSON.
    JsonCollection,
    /// The string in the member `content` as it is.
    Text,
    /// The data as an XML document.
    Xml,
    /// The data as a YAML document.
    Yaml,
    /// Whichever of JSON, XML and YAML the client asks for.
    Negotiate,
    /// Nothing is encoded: the upstream's own body is passed on.
    NoOp,
}

/// A body and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

const JSON: &str = "application/json; charset=utf-8";
const XML: &str = "application/xml";
const YAML: &str = "application/yaml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

impl Encoder {
    /// The encoder that `output_encoding` names, case and all. Of an unknown name the encoding of the endpoint's one
    /// backend decides, if it has just one, and then JSON.
    #[must_use]
    pub fn from_names(output: &str, single_backend_encoding: Option<&str>) -> Self {
        Self::named(output).or_else(|| single_backend_encoding.and_then(Self::named)).unwrap_or(Self::Json)
    }

    /// The name that `output_encoding` has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonCollection => "json-collection",
            Self::Text => "string",
            Self::Xml => "xml",
            Self::Yaml => "yaml",
            Self::Negotiate => "negotiate",
            Self::NoOp => "no-op",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "json" => Self::Json,
            "json-collection" => Self::JsonCollection,
            "string" => Self::Text,
            "xml" => Self::Xml,
            "yaml" => Self::Yaml,
            "negotiate" => Self::Negotiate,
            "no-op" => Self::NoOp,
            _ => return None,
        })
    }

    /// The body for `data`; `None` means that there is no response. `accept` is the client's `Accept`, in case the
    /// encoding is left to it. Opens of `data` what the encoding has to look into.
    #[must_use]
    pub fn encode(self, data: Option<&mut Data>, accept: Option<&str>) -> Encoded {
        match self {
            Self::Json | Self::NoOp => Encoded { content_type: JSON, body: json(data.as_deref()) },
            Self::JsonCollection => Encoded { content_type: JSON, body: collection(data.as_deref()) },
            Self::Text => Encoded { content_type: TEXT, body: text(data.as_deref()) },
            Self::Xml => {
                Encoded { content_type: XML, body: data.map(opened).map(xml::encode).unwrap_or_default().into() }
            }
            Self::Yaml => Encoded { content_type: YAML, body: yaml::encode(data.map_or(&Data::Null, opened)).into() },
            Self::Negotiate => negotiate::choose(accept).encode(data, accept),
        }
    }
}

fn opened(data: &mut Data) -> &Data {
    data.open_deep();
    data
}

fn json(data: Option<&Data>) -> Bytes {
    data.map_or(Bytes::from_static(b"{}"), Data::to_bytes)
}

fn collection(data: Option<&Data>) -> Bytes {
    let collection = data.and_then(|data| data.get(COLLECTION));
    collection.map_or(Bytes::from_static(b"[]"), |collection| collection.to_bytes())
}

fn text(data: Option<&Data>) -> Bytes {
    let content = data.and_then(|data| data.get(CONTENT));
    content.and_then(|content| content.as_text().map(|text| Bytes::from(text.into_owned()))).unwrap_or_default()
}
