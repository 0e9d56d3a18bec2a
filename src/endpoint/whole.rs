//! What a client would have got: the whole answer of an endpoint, made of given parts.
//!
//! For comparing, away from the live path: the same merge, the same shape, the same static data.

use std::sync::Arc;

use crate::{
    compare::Merging,
    model::{Data, Payload, Reply, Response},
    plan::EndpointPlan,
};

use super::{dispatch::finish, merge::Merge};

/// The way an endpoint makes one answer of its parts, in the order they arrived.
#[must_use]
pub fn merging(plan: &Arc<EndpointPlan>) -> Merging {
    let plan = Arc::clone(plan);
    Merging::new(move |parts| whole(&plan, parts))
}

fn whole(plan: &EndpointPlan, parts: Vec<Data>) -> Data {
    let mut merge = Merge::new(plan.live.len());
    for part in parts {
        merge.add(Reply::ok(Response::data(part, true)));
    }
    let mut reply = merge.finish();
    finish(plan, &mut reply);
    match reply.response.map(|response| response.payload) {
        Some(Payload::Data(data)) => data,
        _ => Data::Null,
    }
}
