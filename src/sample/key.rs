//! What of a request is hashed, as bytes.
//!
//! Texts are borrowed; numbers and addresses are written on the stack; only escaped parameters and claims that are
//! lists, objects or fractions are put together anew.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use http::HeaderName;
use serde_json::Value;

use crate::{
    config::shadow::SampleKey,
    model::{claim, query, trace::TraceParent},
};

use super::subject::Subject;

/// Where a trace comes from.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The bytes of a key.
pub(crate) enum Key<'a> {
    /// As it stands in the request.
    Borrowed(&'a [u8]),
    /// As written for it.
    Short(Short),
    /// As put together for it.
    Owned(String),
}

impl<'a> Key<'a> {
    /// What `key` names, if the request has it and it is not empty. [`SampleKey::Random`] is in no request.
    pub(crate) fn of(key: &SampleKey, subject: Subject<'a>) -> Option<Self> {
        let found = match key {
            SampleKey::Random => None,
            SampleKey::Header(name) => subject.first_header(name).map(Self::Borrowed),
            SampleKey::Cookie(name) => subject.cookie(name).map(Self::Borrowed),
            SampleKey::Claim(name) => subject.claim(name).map(Self::of_claim),
            SampleKey::Query(name) => query::values(subject.query(), name).next().map(Self::of_text),
            SampleKey::Param(place) => subject.request.params.get(*place).map(|value| Self::Borrowed(value.as_bytes())),
            SampleKey::Path => Some(Self::Borrowed(subject.path().as_bytes())),
            SampleKey::Address => subject.origin().map(|origin| Self::written(origin.address.to_canonical())),
            SampleKey::TraceId => trace_id(subject).map(Self::Borrowed),
        };
        found.filter(|found| !found.bytes().is_empty())
    }

    /// A claim as text, as claims are written into headers.
    pub(crate) fn of_claim(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Borrowed(text.as_bytes()),
            Value::Bool(value) => Self::Borrowed(if *value { b"true" } else { b"false" }),
            Value::Number(number) if !number.is_f64() => Self::written(number),
            other => Self::Owned(claim::text(other)),
        }
    }

    pub(crate) fn of_text(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Self::Owned(text),
        }
    }

    fn written(value: impl fmt::Display) -> Self {
        let mut short = Short::new();
        match write!(short, "{value}") {
            Ok(()) => Self::Short(short),
            Err(fmt::Error) => Self::Owned(value.to_string()),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Short(short) => short.bytes(),
            Self::Owned(text) => text.as_bytes(),
        }
    }
}

fn trace_id(subject: Subject<'_>) -> Option<&[u8]> {
    TraceParent::parse(subject.first_header(&TRACEPARENT)?).map(|parent| parent.trace_id)
}

/// A text of a few bytes on the stack; the longest address has 45.
pub(crate) struct Short {
    bytes: [u8; 48],
    length: usize,
}

impl Short {
    const fn new() -> Self {
        Self { bytes: [0; 48], length: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
