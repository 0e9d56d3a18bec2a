//! How an endpoint makes one answer of several, kept for comparing whole answers.

use std::{fmt, sync::Arc};

use crate::model::Data;

/// Makes a whole of parts, in the order they arrived.
#[derive(Clone)]
pub struct Merging(Arc<dyn Fn(Vec<Data>) -> Data + Send + Sync>);

impl Merging {
    /// A way to merge.
    pub fn new(merge: impl Fn(Vec<Data>) -> Data + Send + Sync + 'static) -> Self {
        Self(Arc::new(merge))
    }

    /// The whole.
    #[must_use]
    pub fn whole(&self, parts: Vec<Data>) -> Data {
        (self.0)(parts)
    }
}

impl fmt::Debug for Merging {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Merging")
    }
}
