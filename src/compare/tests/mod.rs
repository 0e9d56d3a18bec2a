//! What the comparator promises.
