//! Comparing bodies: as what, and what can't be compared at all.
//!
//! Equal bytes are the same without being looked into. What only one side can give as JSON is a difference, not an error;
//! what neither can is compared as text or bytes.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::{
    config::shadow::{BodyRule, Compare, TextRule},
    model::{Headers, Seen, SeenBody, Unkept},
};

use super::{
    DifferenceKind, Excerpt, Incomparable,
    findings::Findings,
    json::{
        document::{Document, Tape, Unreadable},
        names::Names,
        reader::Size,
        rules::Rules,
        walk,
    },
    text,
    unpack::unpack,
};

/// How bodies are compared, prepared.
#[derive(Debug)]
pub(super) struct BodyPlan {
    rule: BodyRule,
    text: TextRule,
    bytes_max: usize,
    size: Size,
    rules: Rules,
    /// What nobody outside knows, so that nobody can make values with equal hashes.
    seed: u64,
}

/// As what a body is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Text,
    Bytes,
    /// As what it looks like: without a content type.
    Unknown,
}

/// Bytes of a body as it was captured.
enum Held<'a> {
    Packed(Bytes, &'a Headers),
    Decoded(Bytes),
}

impl BodyPlan {
    pub(super) fn new(settings: &Compare, seed: u64) -> Self {
        let rules = Rules::new(&settings.json);
        Self {
            rule: settings.body,
            text: settings.text,
            bytes_max: settings.body_bytes_max,
            size: Size::of(settings.values_max),
            rules,
            seed,
        }
    }

    /// Compares two bodies. `records` says whether the fields of this pair are to be recorded.
    pub(super) fn compare(
        &self,
        live: &Seen,
        shadow: &Seen,
        records: bool,
        findings: &mut Findings<'_>,
    ) -> Result<(), Incomparable> {
        if self.rule == BodyRule::None {
            return Ok(());
        }
        if let Some(reason) = [live, shadow].into_iter().find_map(|seen| unkept(&seen.body)) {
            return Err(reason);
        }
        let (Some(mine), Some(theirs)) = (Held::of(live), Held::of(shadow)) else {
            hashed(&live.body, &shadow.body, findings);
            return Ok(());
        };
        if self.rule == BodyRule::Hash {
            hashed(&live.body, &shadow.body, findings);
            return Ok(());
        }
        if [&mine, &theirs].into_iter().any(|held| held.bytes().len() > self.bytes_max) {
            return Err(Incomparable::TooLarge);
        }
        let form = self.form(live, &mine, &theirs);
        if mine.is_same(&theirs) {
            if records && matches!(form, Form::Json | Form::Unknown) {
                self.record(&mine, findings);
            }
            return Ok(());
        }
        match (mine.unpacked(self.bytes_max), theirs.unpacked(self.bytes_max)) {
            (Ok(live), Ok(shadow)) => self.unpacked(form, &live, &shadow, records, findings),
            // The same whichever of them is the live one.
            (Err(Incomparable::TooLarge), _) | (_, Err(Incomparable::TooLarge)) => Err(Incomparable::TooLarge),
            (Err(why), _) | (_, Err(why)) => Err(why),
        }
    }

    /// Records the fields of an answer that is the same on both sides, if it has any.
    fn record(&self, held: &Held<'_>, findings: &mut Findings<'_>) {
        if let Ok(body) = held.unpacked(self.bytes_max)
            && let mut names = Names::default()
            && let Ok(tape) = Tape::read(&body, self.size, &mut names, None)
        {
            walk::record(&Document::new(&tape, &names, None), findings.names);
        }
    }

    fn form(&self, live: &Seen, mine: &Held<'_>, theirs: &Held<'_>) -> Form {
        match self.rule {
            BodyRule::Json => Form::Json,
            BodyRule::Text => Form::Text,
            BodyRule::Auto if [mine, theirs].into_iter().any(|held| matches!(held, Held::Decoded(_))) => Form::Json,
            BodyRule::Auto => live.headers.get(&CONTENT_TYPE).map_or(Form::Unknown, |kind| Form::of(kind.as_bytes())),
            BodyRule::Bytes | BodyRule::Hash | BodyRule::None => Form::Bytes,
        }
    }

    fn unpacked(
        &self,
        form: Form,
        live: &[u8],
        shadow: &[u8],
        records: bool,
        findings: &mut Findings<'_>,
    ) -> Result<(), Incomparable> {
        match form {
            Form::Json | Form::Unknown => self.json(form, live, shadow, records, findings),
            Form::Text => {
                text::compare(self.text, self.seed, live, shadow, findings);
                Ok(())
            }
            Form::Bytes => {
                bytes(live, shadow, findings);
                Ok(())
            }
        }
    }

    fn json(
        &self,
        form: Form,
        live: &[u8],
        shadow: &[u8],
        records: bool,
        findings: &mut Findings<'_>,
    ) -> Result<(), Incomparable> {
        let mut names = Names::default();
        let mine = Tape::read(live, self.size, &mut names, None);
        let theirs = Tape::read(shadow, self.size, &mut names, mine.as_ref().ok());
        let (mine, theirs) = match (mine, theirs) {
            (Ok(mine), Ok(theirs)) => (mine, theirs),
            // What is the same when unpacked is the same, though nobody could read it.
            _ if live == shadow => return Ok(()),
            (Err(Unreadable::TooLarge), _) | (_, Err(Unreadable::TooLarge)) => return Err(Incomparable::TooLarge),
            (Err(Unreadable::Invalid), Err(Unreadable::Invalid)) => {
                let is_text = form == Form::Json && [live, shadow].iter().all(|body| std::str::from_utf8(body).is_ok());
                return self.unpacked(if is_text { Form::Text } else { Form::Bytes }, live, shadow, false, findings);
            }
            _ => {
                one_is_json(live, shadow, findings);
                return Ok(());
            }
        };
        let mine = Document::new(&mine, &names, None);
        let theirs = Document::new(&theirs, &names, Some(&mine));
        if records {
            walk::record(&mine, findings.names);
        }
        walk::compare(&self.rules, self.seed, (&mine, &theirs), walk::steps_for(self.size), findings);
        Ok(())
    }
}

impl Form {
    fn of(content_type: &[u8]) -> Self {
        let kind =
            content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let ends = |with: &[u8]| kind.ends_with(with);
        if ends(b"/json") || ends(b"+json") || ends(b"/x-json") {
            return Self::Json;
        }
        let is_text = kind.starts_with(b"text/")
            || [&b"/xml"[..], b"+xml", b"/javascript", b"/yaml", b"+yaml", b"/x-www-form-urlencoded", b"/graphql"]
                .into_iter()
                .any(ends);
        if is_text { Self::Text } else { Self::Bytes }
    }
}

impl<'a> Held<'a> {
    fn of(seen: &'a Seen) -> Option<Self> {
        match &seen.body {
            SeenBody::Bytes(bytes) => Some(Self::Packed(bytes.clone(), &seen.headers)),
            SeenBody::Pieces(pieces) => Some(Self::Packed(pieces.to_bytes(), &seen.headers)),
            SeenBody::Data(data) => Some(Self::Decoded(data.to_bytes())),
            SeenBody::Hashed { .. } | SeenBody::Unkept(_) => None,
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Packed(bytes, _) | Self::Decoded(bytes) => bytes,
        }
    }

    /// Whether the bytes are the same, and packed in the same way.
    fn is_same(&self, other: &Self) -> bool {
        let packing = |held: &Self| match held {
            Self::Packed(_, headers) => headers.get(&CONTENT_ENCODING).cloned(),
            Self::Decoded(_) => None,
        };
        self.bytes() == other.bytes() && packing(self) == packing(other)
    }

    fn unpacked(&self, bytes_max: usize) -> Result<Cow<'_, [u8]>, Incomparable> {
        match self {
            Self::Packed(bytes, headers) => unpack(headers, bytes, bytes_max),
            Self::Decoded(bytes) => Ok(Cow::Borrowed(bytes)),
        }
    }
}

/// Why two answers are none, if one of them broke off.
pub(super) fn broken(live: &SeenBody, shadow: &SeenBody) -> Option<Incomparable> {
    match (live, shadow) {
        (SeenBody::Unkept(Unkept::BrokenOff), _) => Some(Incomparable::LiveError),
        (_, SeenBody::Unkept(Unkept::BrokenOff)) => Some(Incomparable::ShadowError),
        _ => None,
    }
}

fn unkept(body: &SeenBody) -> Option<Incomparable> {
    match body {
        SeenBody::Unkept(Unkept::TooLarge) => Some(Incomparable::TooLarge),
        SeenBody::Unkept(Unkept::NoRoom) => Some(Incomparable::Memory),
        _ => None,
    }
}

/// Compares by hash, whatever is kept of a body.
fn hashed(live: &SeenBody, shadow: &SeenBody, findings: &mut Findings<'_>) {
    if let (SeenBody::Bytes(live), SeenBody::Bytes(shadow)) = (live, shadow)
        && live == shadow
    {
        return;
    }
    let (Some(live), Some(shadow)) = (hash(live), hash(shadow)) else { return };
    if live != shadow {
        let [live, shadow] = [live, shadow].map(|(bytes, hash)| Some(Excerpt::of_hash(bytes, hash)));
        findings.add_body(DifferenceKind::Value, "body", (live, shadow));
    }
}

fn hash(body: &SeenBody) -> Option<(u64, u128)> {
    match body {
        SeenBody::Hashed { bytes, hash } => Some((*bytes, *hash)),
        SeenBody::Bytes(bytes) => Some((bytes.len() as u64, xxh3_128(bytes))),
        SeenBody::Pieces(pieces) => {
            let mut hash = Xxh3::new();
            pieces.chunks().iter().for_each(|piece| hash.update(piece));
            Some((pieces.len() as u64, hash.digest128()))
        }
        SeenBody::Data(data) => Some(data.to_bytes()).map(|bytes| (bytes.len() as u64, xxh3_128(&bytes))),
        SeenBody::Unkept(_) => None,
    }
}

fn bytes(live: &[u8], shadow: &[u8], findings: &mut Findings<'_>) {
    if live != shadow {
        let same = live.iter().zip(shadow).take_while(|(live, shadow)| live == shadow).count();
        let [live, shadow] = [live, shadow].map(|bytes| Some(Excerpt::of_bytes(bytes)));
        findings.add_body(DifferenceKind::Value, &format!("body byte {same}"), (live, shadow));
    }
}

/// One body is JSON, the other is not, or there is none.
fn one_is_json(live: &[u8], shadow: &[u8], findings: &mut Findings<'_>) {
    let kind = match () {
        () if shadow.is_empty() => DifferenceKind::Missing,
        () if live.is_empty() => DifferenceKind::Extra,
        () => DifferenceKind::Type,
    };
    let [live, shadow] = [live, shadow].map(|body| (!body.is_empty()).then(|| Excerpt::of_text(body)));
    findings.add_body(kind, "body", (live, shadow));
}
