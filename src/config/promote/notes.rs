//! What a promotion changes besides who is live, for the one who decides about it.

use crate::config::{
    Backend, Endpoint, Pick,
    shadow::{Credentials, Policy, Writes},
};

const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// What should be known before it is done.
pub(super) fn notes(endpoint: &Endpoint, shadow: &Backend, place: usize) -> Vec<String> {
    let Some(policy) = shadow.shadow.as_ref().and_then(|shadow| shadow.policy.as_deref()) else {
        return vec!["the former live backend gets a copy of every request: its shadow had no policy".to_owned()];
    };
    let mut notes = Vec::new();
    notes.extend(of_writes(endpoint, policy).map(str::to_owned));
    if policy.rewrite.credentials == Credentials::Strip && forwards_credentials(endpoint) {
        notes.push("copies to the former live backend carry no credentials (headers.credentials)".to_owned());
    }
    let rewrite = &policy.rewrite;
    if !rewrite.set.is_empty() || !rewrite.remove.is_empty() || rewrite.allow.is_some() {
        notes.push(
            "headers that the policy sets or removes are those of copies: live calls are sent without that".to_owned(),
        );
    }
    if !policy.conditions.0.is_empty() {
        notes.push("the shadow got only requests that match; as the live backend it gets all".to_owned());
    }
    let compared_alike = |other: &&Backend| {
        let policy = other.shadow.as_ref().and_then(|shadow| shadow.policy.as_deref());
        let against = policy.and_then(|policy| policy.compare.as_deref()).map(|compare| compare.against.place());
        other.pointer != shadow.pointer && against == Some(place)
    };
    let others = endpoint.backends.iter().filter(compared_alike).count();
    if others > 0 {
        notes.push(format!("{others} more of the endpoint's shadows will be compared with the new live backend"));
    }
    notes
}

fn of_writes(endpoint: &Endpoint, policy: &Policy) -> Option<&'static str> {
    let is_write = !SAFE.contains(&endpoint.method.as_str());
    match &policy.writes {
        _ if !is_write => None,
        Writes::Denied => Some("the shadow got no writes until now, and the former live backend gets none from now on"),
        Writes::Allowed(_) => Some("the former live backend goes on getting all writes, as copies"),
    }
}

fn forwards_credentials(endpoint: &Endpoint) -> bool {
    match &endpoint.input_headers {
        Pick::All => true,
        Pick::Only(names) => names.iter().any(|name| {
            ["authorization", "cookie", "x-api-key"].iter().any(|credential| name.eq_ignore_ascii_case(credential))
        }),
    }
}
