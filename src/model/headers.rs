//! A list of HTTP headers, in order, that moves between threads for the price of a vector.
//!
//! Runs several times per request: names of standard headers are integers and values are reference counted, so a
//! clone copies no text. Look-ups are linear because requests carry a dozen headers, not a thousand.

use http::header::{HeaderName, HeaderValue};

/// Header names and values in the order they were added. Names repeat when a header has several values.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty list with room for `capacity` headers.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The same list with room for so many more.
    #[must_use]
    pub fn clone_with_room(&self, more: usize) -> Self {
        let mut all = Vec::with_capacity(self.0.len().saturating_add(more));
        all.extend_from_slice(&self.0);
        Self(all)
    }

    /// Adds a value, keeping those already there.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Sets a header to exactly one value.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        self.remove(&name);
        self.0.push((name, value));
    }

    /// Removes every value of a header.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(held, _)| held != name);
    }

    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value)
    }

    /// Every value of a header, in order.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a HeaderValue> {
        self.0.iter().filter(move |(held, _)| held == name).map(|(_, value)| value)
    }

    /// Whether the header is there at all.
    #[must_use]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Keeps the headers that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&HeaderName) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }

    /// Bytes of all names and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
    }

    /// How many name and value pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Headers {
    type Item = (HeaderName, HeaderValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
