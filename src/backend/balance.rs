//! Which address of a backend takes the next call: round robin, so that repeating an address weighs it.

use std::cell::Cell;

use crate::plan::Base;

/// One thread's turn among a backend's addresses.
#[derive(Debug, Default)]
pub struct Balance(Cell<usize>);

impl Balance {
    /// Starts at a place of its own, so that several threads do not all begin with the first address.
    #[must_use]
    pub fn starting_at(place: usize) -> Self {
        Self(Cell::new(place))
    }

    /// The next address and its place; `None` if there is none.
    pub fn next<'a>(&self, bases: &'a [Base]) -> Option<(usize, &'a Base)> {
        let place = self.0.get().checked_rem(bases.len())?;
        self.0.set(place + 1);
        Some((place, bases.get(place)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_gets_its_share_and_none_is_an_answer_too() {
        let base = |port: u16| Base {
            scheme: http::uri::Scheme::HTTP,
            authority: format!("h:{port}").parse().unwrap(),
            prefix: String::new(),
        };
        let bases = [base(1), base(1), base(2)];
        let balance = Balance::starting_at(usize::MAX);
        let ports: Vec<_> = (0..6).filter_map(|_| balance.next(&bases)?.1.authority.port_u16()).collect();
        assert_eq!(ports.iter().filter(|port| **port == 1).count(), 4);
        assert!(balance.next(&[]).is_none());
    }
}
