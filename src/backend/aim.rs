//! Which address a call goes to, for who wants to know whether anybody is there.

use std::cell::Cell;

use crate::model::{Failure, Kind};

/// The address that a call was made to, among those of its backend.
#[derive(Debug, Default)]
pub struct Aim {
    place: Cell<usize>,
    addresses: Cell<usize>,
    is_missed: Cell<bool>,
}

impl Aim {
    /// The call goes to the address in this place among so many.
    pub(super) fn take(&self, place: usize, addresses: usize) {
        self.place.set(place);
        self.addresses.set(addresses);
    }

    /// What came of it there, before it is sent on to anybody else.
    pub(super) fn saw<T>(&self, outcome: &Result<T, Failure>) {
        self.is_missed.set(matches!(outcome, Err(failure) if failure.kind == Kind::Connect));
    }

    /// The place of the address, and among how many, if it could not be connected to.
    #[must_use]
    pub fn missed(&self) -> Option<(usize, usize)> {
        self.is_missed.get().then(|| (self.place.get(), self.addresses.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_can_not_be_connected_to_is_missed() {
        let aim = Aim::default();
        assert_eq!(aim.missed(), None, "it was never asked");
        aim.take(1, 3);
        aim.saw::<()>(&Err(Failure::new(Kind::Io, "EOF")));
        assert_eq!(aim.missed(), None);
        aim.saw::<()>(&Err(Failure::new(Kind::Connect, "refused")));
        assert_eq!(aim.missed(), Some((1, 3)));
        aim.saw(&Ok(()));
        assert_eq!(aim.missed(), None);
    }
}
