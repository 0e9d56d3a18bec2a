//! Which requests are chosen: laws of the sample, each kind of key, each kind of condition, the frozen hash.
