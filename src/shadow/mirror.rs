//! What an endpoint hands to a shadow, and never hears of again.

use std::{collections::VecDeque, sync::Arc};

use actix::{Message, Recipient};
use tokio::time::Instant;

use crate::model::{Body, Request, Witness};

use super::{Ticket, window::Loss};

/// Send a copy of this request.
#[derive(Debug)]
pub struct Mirror {
    /// The client's request.
    pub request: Arc<Request>,
    /// Values from earlier shadow answers of a sequence.
    pub earlier: Vec<Option<String>>,
    /// The whole body, or none if the policy wants none, or one that is still arriving.
    pub body: Body,
    /// Of a body that is still arriving, who says that the rest of it will not come.
    pub loss: Option<Loss>,
    /// The body for those of the rest that take it.
    pub body_of_rest: Body,
    /// The right to it.
    pub ticket: Ticket,
    /// Who sees the answer, if it is compared.
    pub witness: Option<Arc<dyn Witness>>,
    /// Not to be sent before.
    pub not_before: Option<Instant>,
    /// The shadows that come after this one in a sequential endpoint.
    pub rest: VecDeque<Chained>,
    /// The answers of the sequence so far, for the values the rest needs.
    pub answers: Vec<crate::model::Data>,
}

/// The body for those of a sequence's rest that take it; sharing it copies nothing, and none is kept for nobody.
#[must_use]
pub fn body_for(rest: &VecDeque<Chained>, body: &Body) -> Body {
    if rest.iter().any(|later| later.takes_body) { body.share().unwrap_or_default() } else { Body::Empty }
}

/// Send these copies. One message for many of them wakes the other thread once.
#[derive(Debug)]
pub struct Mirrors(pub Vec<Box<Mirror>>);

impl From<Mirror> for Mirrors {
    fn from(mirror: Mirror) -> Self {
        Self(vec![Box::new(mirror)])
    }
}

impl Message for Mirrors {
    type Result = ();
}

/// A later shadow of a sequence, which starts when the one before it has answered.
#[derive(Debug)]
pub struct Chained {
    /// Who sends it.
    pub recipient: Recipient<Mirrors>,
    /// The right to it, held since the request came.
    pub ticket: Ticket,
    /// Who sees the answer, if it is compared.
    pub witness: Option<Arc<dyn Witness>>,
    /// Whether it gets the body.
    pub takes_body: bool,
    /// What it wants from earlier answers.
    pub lookups: Vec<crate::plan::Lookup>,
}
