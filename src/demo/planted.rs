//! What the rewrite does differently, on purpose: the one list of it, and the figures behind it.
//!
//! Whoever watches the demo can check here whether the gateway found everything. The service never differs between
//! its versions in a way that isn't listed.

/// One difference between v1 and v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The gateway's endpoint that shows it, or `*` for all of them.
    pub endpoint: &'static str,
    /// Where a comparison of answers shows it, and in which way they differ there; nothing where they don't.
    pub shows: &'static [(&'static str, &'static str)],
    /// What v2 does, in a few words.
    pub what: &'static str,
    /// How many requests meet it, in words.
    pub how_often: &'static str,
}

/// Every difference between v1 and v2.
pub const PLANTED: &[Planted] = &[
    Planted {
        endpoint: "/user/{id}",
        shows: &[("$.plan", "missing"), ("$.tier", "extra")],
        what: "the field plan is called tier",
        how_often: "always",
    },
    Planted {
        endpoint: "/user/{id}",
        shows: &[("$.loyalty_points", "missing")],
        what: "loyalty_points is missing",
        how_often: "every 7th id",
    },
    Planted {
        endpoint: "/orders/{id}",
        shows: &[("$.order.total", "value")],
        what: "total is a cent off: the discount is rounded per item, not once per order",
        how_often: "some ids, always the same",
    },
    Planted {
        endpoint: "/search",
        shows: &[("$.count", "type")],
        what: "count is text instead of a number",
        how_often: "always",
    },
    Planted { endpoint: "*", shows: &[], what: "80 to 200 ms slower", how_often: "2 % of the requests" },
    Planted { endpoint: "*", shows: &[("status", "status")], what: "status 500", how_often: "1 % of the requests" },
];

/// What differs from answer to answer in either version: no difference between them, but noise.
pub const NOISE: &[(&str, &str)] = &[("/user/{id}", "$.served_by"), ("/orders/{id}", "$.eta_minutes")];

/// v2 forgets the loyalty points of ids that this divides.
pub(super) const MISSING_EVERY: u64 = 7;
/// How many of 1000 requests v2 delays.
pub(super) const SLOW_PER_MILLE: u64 = 20;
/// The shortest delay of a slow request.
pub(super) const SLOW_MS_MIN: u64 = 80;
/// The longest delay of a slow request.
pub(super) const SLOW_MS_MAX: u64 = 200;
/// How many of 1000 requests v2 fails.
pub(super) const ERROR_PER_MILLE: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_names_an_endpoint_of_the_demo_file() {
        let file = include_str!("../../config/demo.json");
        let named = PLANTED.iter().map(|planted| planted.endpoint).chain(NOISE.iter().map(|(endpoint, _)| *endpoint));
        for endpoint in named {
            let quoted = format!("\"{endpoint}\"");
            assert!(endpoint == "*" || file.contains(&quoted), "{endpoint} is not in the file");
        }
    }
}
