//! Which answers of a shadow are compared with live ones, and what counts as the same.

use std::time::Duration;

use http::HeaderName;
use regex::Regex;

use super::{FieldPath, Share};

/// Bodies above this are not compared (`max_body`) unless the file says otherwise, in bytes.
pub const COMPARED_BYTES_MAX: usize = 1 << 20;

/// JSON of more values than this, lists and objects included, is not compared unless the file says otherwise.
pub const COMPARED_VALUES_MAX: usize = 20_000;

/// `compare`: answers are compared as soon as the object is there.
#[derive(Clone, Debug)]
pub struct Compare {
    /// Which share of the copies that are sent (`sample`); all unless given.
    pub sample: Share,
    /// With what (`against`).
    pub against: Against,
    /// Before or after the backend's own rules were applied to both (`stage`).
    pub stage: Stage,
    /// `status`: `exact` unless given.
    pub status: StatusRule,
    /// `headers`: unless given [`COMPARED_HEADERS`] of raw answers, and none of processed ones.
    pub headers: HeaderRules,
    /// `body`: by the content type unless given.
    pub body: BodyRule,
    /// `ignore`, `only`, `arrays`, `numbers`, `times`, `shapes`, `strings` and `null_is_missing`.
    pub json: JsonRules,
    /// `text`: what of a text does not matter.
    pub text: TextRule,
    /// A larger body is not compared, but with [`BodyRule::Hash`] (`max_body`), in bytes, before and after unpacking;
    /// [`COMPARED_BYTES_MAX`] unless given.
    pub body_bytes_max: usize,
    /// JSON of more values, lists and objects included, is not compared (`max_values`); [`COMPARED_VALUES_MAX`] unless
    /// given. So much work as fifty times these values may be done for a pair.
    pub values_max: usize,
    /// `baseline`: how noise is told from differences.
    pub baseline: Baseline,
}

impl Default for Compare {
    /// What an empty object says of raw answers.
    fn default() -> Self {
        Self {
            sample: Share::ALL,
            against: Against::Backend(0),
            stage: Stage::Raw,
            status: StatusRule::Exact,
            headers: HeaderRules {
                named: Some(COMPARED_HEADERS.map(HeaderName::from_static).to_vec()),
                ignored: Vec::new(),
            },
            body: BodyRule::Auto,
            json: JsonRules::default(),
            text: TextRule::default(),
            body_bytes_max: COMPARED_BYTES_MAX,
            values_max: COMPARED_VALUES_MAX,
            baseline: Baseline { mode: BaselineMode::Off, sample: Share::ALL },
        }
    }
}

/// The headers that are compared unless a file names others.
pub const COMPARED_HEADERS: [&str; 5] =
    ["content-type", "location", "cache-control", "www-authenticate", "retry-after"];

/// The headers that say nothing when all are compared; of Set-Cookie the names are compared.
pub const IGNORED_HEADERS: [&str; 11] = [
    "date",
    "server",
    "via",
    "x-request-id",
    "traceparent",
    "age",
    "etag",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
];

/// What a shadow's answer is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// `backend:N`: the answer of the live backend in this place among the endpoint's live backends, from 0. The only
    /// one unless given; with several it must be given.
    Backend(usize),
    /// `merged:N`, or `merged` where only one live backend has the shadow's place: the answer of the whole endpoint,
    /// made once more with the shadow's part in place of that of the live backend N.
    Merged(usize),
}

impl Against {
    /// The place of the live backend that the shadow stands in for.
    #[must_use]
    pub const fn place(self) -> usize {
        match self {
            Self::Backend(place) | Self::Merged(place) => place,
        }
    }
}

/// Which form of an answer is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `raw`: as it came. The only one for no-op, and its default.
    Raw,
    /// `processed`: after decoding and the backend's `allow`, `deny`, `mapping`, `group`, `target` and flatmap, each
    /// side by its own rules; the default for answers that are decoded.
    Processed,
}

/// When two statuses are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRule {
    /// `exact`.
    Exact,
    /// `class`: their first digits are.
    Class,
    /// An object such as `{"200": ["200", "204"]}`: which the shadow may give for a live one; others must be the same.
    Map(Vec<(u16, Vec<u16>)>),
}

/// Which headers are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRules {
    /// `headers`, a list; `None` for `all`.
    pub named: Option<Vec<HeaderName>>,
    /// `ignore_headers`; with `all`, beside [`IGNORED_HEADERS`].
    pub ignored: Vec<HeaderName>,
}

/// How bodies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// `auto`: as JSON, text or bytes, as the live answer's content type says; decoded answers as JSON.
    Auto,
    /// `json`.
    Json,
    /// `text`.
    Text,
    /// `bytes`.
    Bytes,
    /// `hash`: whether they are the same and no more, however long they are.
    Hash,
    /// `none`: not at all.
    None,
}

/// What of a text does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TextRule {
    /// `whitespace: "normalize"`: runs of white space are one space.
    pub normalizes_whitespace: bool,
    /// `similarity`: a text is the same when this share of its lines is, 0 to 1.
    pub similarity: Option<f64>,
}

/// What counts as the same in JSON. Of several rules for a place the most specific counts: the one with more steps
/// that are names or numbers, of equals the later one in the list; rules by path are in the order of their paths.
#[derive(Clone, Debug, Default)]
pub struct JsonRules {
    /// Differences here and below do not count.
    pub ignore: Vec<FieldPath>,
    /// If there are any, only differences here and below count.
    pub only: Vec<FieldPath>,
    /// How lists are compared; in order unless given.
    pub arrays: Vec<(FieldPath, ArrayRule)>,
    /// How far numbers may be apart; equal as decimals unless given (1 = 1.0).
    pub numbers: Vec<(FieldPath, Tolerance)>,
    /// How far times may be apart: RFC 3339 texts, or seconds or milliseconds since 1970.
    pub times: Vec<(FieldPath, Duration)>,
    /// Values that are the same when both have this shape.
    pub shapes: Vec<(FieldPath, ValueShape)>,
    /// How strings are compared.
    pub strings: Vec<(FieldPath, StringRule)>,
    /// Whether null is the same as nothing.
    pub null_is_missing: bool,
}

/// How a list is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArrayRule {
    /// `ordered`: element by element.
    Ordered,
    /// `set`: the same elements, each as often, in any order.
    Set,
    /// `{"key": "id"}`: elements with the same member belong together, in any order.
    Key(String),
}

/// How far numbers may be apart; both may be given, then one of them must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// `abs`: at most this far.
    pub absolute: Option<f64>,
    /// `rel`: at most this share of the larger one.
    pub relative: Option<f64>,
}

/// What a value looks like.
#[derive(Clone, Debug)]
pub enum ValueShape {
    /// `uuid`.
    Uuid,
    /// `iso8601`: a date, or a date and a time.
    Iso8601,
    /// `epoch`: seconds, milliseconds, microseconds or nanoseconds since 1970, between 2000 and 2100.
    Epoch,
    /// `hex`: digits from 0 to f, of the same number.
    Hex,
    /// `jwt`.
    Jwt,
    /// `regex:…`: the expression matches the whole of it.
    Expression(Regex),
}

/// What of a string does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StringRule {
    /// `ci`: case, in Unicode's simple sense.
    pub ignores_case: bool,
    /// `trim`: white space at the ends.
    pub trims: bool,
}

/// `baseline`: where the noise of a field is known from. A service that answers the same request in two ways differs
/// from its shadow without anything being wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// `mode`: `off` unless given.
    pub mode: BaselineMode,
    /// Which share of the pairs gets a second live answer (`sample`), 20 % unless given. Only of safe methods.
    pub sample: Share,
}

/// See [`Baseline::mode`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BaselineMode {
    /// Every difference counts.
    Off,
    /// `dual_primary`: a share of the requests is sent to the live backend once more, at the same moment as the copy, and
    /// a field is judged by the pairs in which one of both differs.
    DualPrimary,
    /// `learned`: the same for a while; what was learned then counts.
    Learned {
        /// For so long (`learn_for`), one hour unless given.
        lasts: Duration,
        /// Or for so many pairs with a second live answer (`learn_pairs`), 6400 unless given; whichever comes first.
        pairs: u64,
    },
    /// `diffy`: like `dual_primary`, but judged by Diffy's fixed limits: a field is noise unless it differed from the
    /// shadow more often than from the second live answer, by more than 20 % of both counts together and by more than
    /// 0.03 % of the pairs.
    Diffy,
}
