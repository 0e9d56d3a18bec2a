//! How many different things were asked for in the pairs that were compared.
//!
//! Thousands of pairs that all ask for the same say little about what else may be asked for.
//!
//! Promises: of a path or a query only a hash is kept; memory is bounded, and counts beyond it say that there are more.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use serde::Serialize;

use super::pair::Asked;

/// So many paths, and as many queries, are told apart.
pub const KNOWN_MAX: usize = 1024;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Variety {
    hashes: RandomState,
    paths: HashSet<u64>,
    queries: HashSet<u64>,
}

/// How many different things were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AskedFor {
    /// Paths, [`KNOWN_MAX`] for as many or more.
    pub paths: u64,
    /// Queries, none among them; in the same way.
    pub queries: u64,
}

impl Variety {
    /// Takes in a request whose answers were compared.
    pub(super) fn note(&mut self, asked: &Asked) {
        let path = self.hashes.hash_one(&asked.path);
        for (known, hash) in [(&mut self.paths, path), (&mut self.queries, asked.query)] {
            if known.len() < KNOWN_MAX {
                known.insert(hash);
            }
        }
    }

    /// What it comes to.
    pub(super) fn seen(&self) -> AskedFor {
        AskedFor { paths: self.paths.len() as u64, queries: self.queries.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use http::Method;

    use super::*;

    fn asked(path: &str, query: u64) -> Asked {
        Asked { method: Method::GET, path: path.into(), query, at: SystemTime::UNIX_EPOCH, number: 0 }
    }

    #[test]
    fn what_is_asked_for_again_is_nothing_new() {
        let mut variety = Variety::default();
        assert_eq!(variety.seen(), AskedFor::default());
        for (path, query) in [("/user/1", 0), ("/user/2", 0), ("/user/1", 7), ("/user/1", 0)] {
            variety.note(&asked(path, query));
        }
        assert_eq!(variety.seen(), AskedFor { paths: 2, queries: 2 });
    }

    #[test]
    fn what_is_told_apart_is_bounded() {
        let mut variety = Variety::default();
        for number in 0..5000 {
            variety.note(&asked(&number.to_string(), number));
        }
        assert_eq!(variety.seen(), AskedFor { paths: KNOWN_MAX as u64, queries: KNOWN_MAX as u64 });
    }
}
