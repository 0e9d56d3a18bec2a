//! How many files and sockets this process may open: as many as the system allows, as with every program written in Go.
//!
//! The soft limit is often 1024, for the sake of programs that use `select`; ours don't.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::Descriptors;

/// Below this the operator is told: clients and upstreams need two sockets for each request under way.
const FEW: u64 = 4096;

/// Raises the soft limit to the hard one and tells the rest of the program what came of it.
pub fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let Some(limit) = raised.map_or(current, |()| maximum) else { return };
    Descriptors::of_process().limit(usize::try_from(limit).unwrap_or(usize::MAX));
    if limit < FEW {
        tracing::warn!(
            limit,
            "this process may open few files and sockets, shadows have a quarter of them; raise it by ulimit -n, \
             LimitNOFILE= of systemd, or --ulimit nofile= of docker"
        );
    }
}
