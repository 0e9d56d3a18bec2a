//! What the comparison of documents promises.
