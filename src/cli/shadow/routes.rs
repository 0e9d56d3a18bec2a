//! Which of a gateway's endpoints a report says something about, and which it does not.
//!
//! Promises: an endpoint is named once, by what speaks least for it.

use serde_json::{Value, json};

use super::table::{members, word};

/// So many of a kind are printed.
const PRINTED_MAX: usize = 10;

/// By the outline of the plan, what is known of all shadows, and the reports of those that are compared.
pub(super) fn routes(plan: &Value, all: &Value, reports: &[Value]) -> Value {
    let endpoints = members(plan, "routes");
    let named = |method: &str, path: &str| format!("{method} {path}");
    let of_shadow = |id: &str| {
        // An id is the method, the path and a number.
        let (rest, _number) = id.rsplit_once(':')?;
        rest.split_once(':').map(|(method, path)| named(method, path))
    };
    let pairs = |report: &Value| report.pointer("/readiness/figures/compared").and_then(Value::as_u64).unwrap_or(0);
    let ids =
        |of: &[Value]| -> Vec<String> { of.iter().filter_map(|one| of_shadow(one.get("id")?.as_str()?)).collect() };
    let (seen, unseen): (Vec<_>, Vec<_>) = reports.iter().cloned().partition(|report| pairs(report) > 0);
    let (seen, unseen, shadowed) = (ids(&seen), ids(&unseen), ids(members(all, "shadows")));
    let [mut never_seen, mut not_compared, mut not_shadowed] = [const { Vec::new() }; 3];
    for endpoint in endpoints {
        let name = named(&word(endpoint, "method"), &word(endpoint, "path"));
        if unseen.contains(&name) {
            never_seen.push(name);
        } else if !seen.contains(&name) && shadowed.contains(&name) {
            not_compared.push(name);
        } else if !seen.contains(&name) {
            not_shadowed.push(name);
        }
    }
    let missing = never_seen.len() + not_compared.len() + not_shadowed.len();
    json!({
        "endpoints": endpoints.len(),
        "seen": endpoints.len() - missing,
        "never_seen": never_seen,
        "not_compared": not_compared,
        "not_shadowed": not_shadowed,
    })
}

/// A line, and one for each kind of those of which nothing is known.
pub(super) fn printed(routes: &Value) -> String {
    let (seen, endpoints) = (word(routes, "seen"), word(routes, "endpoints"));
    let mut text = format!("\nanswers of {seen} of {endpoints} endpoints were compared\n");
    for (kind, words) in [
        ("never_seen", "nothing was asked of"),
        ("not_compared", "a shadow that is not compared has"),
        ("not_shadowed", "no shadow has"),
    ] {
        let names: Vec<String> =
            members(routes, kind).iter().filter_map(Value::as_str).map(super::table::clean).collect();
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(PRINTED_MAX);
        let shown = names.iter().take(PRINTED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        text.push_str(&format!("  {words}: {shown}{more}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: &str, compared: u64) -> Value {
        json!({ "id": id, "readiness": { "figures": { "compared": compared } } })
    }

    #[test]
    fn every_endpoint_is_seen_or_named_with_what_is_missing() {
        let route = |path: &str| json!({ "method": "GET", "path": path });
        let endpoints = ["/seen/{id}", "/unseen", "/blind", "/alone"].map(route);
        let plan = json!({ "routes": endpoints });
        let all =
            json!({ "shadows": [{ "id": "GET:/seen/{id}:0" }, { "id": "GET:/unseen:0" }, { "id": "GET:/blind:0" }] });
        let found = routes(&plan, &all, &[report("GET:/seen/{id}:0", 9), report("GET:/unseen:0", 0)]);
        let wanted = json!({
            "endpoints": 4,
            "seen": 1,
            "never_seen": ["GET /unseen"],
            "not_compared": ["GET /blind"],
            "not_shadowed": ["GET /alone"],
        });
        assert_eq!(found, wanted);
        let text = printed(&found);
        assert!(text.contains("answers of 1 of 4 endpoints were compared"), "{text}");
        assert!(text.contains("no shadow has: GET /alone\n"), "{text}");
    }

    #[test]
    fn of_many_the_first_are_printed_and_nonsense_does_no_harm() {
        let names: Vec<String> = (0..13).map(|number| format!("GET /{number}\u{1b}")).collect();
        let text = printed(&json!({ "seen": 0, "endpoints": 13, "not_shadowed": names }));
        assert!(text.ends_with("GET /9? and 3 more\n"), "{text}");
        assert_eq!(routes(&json!([]), &json!(null), &[json!(1)])["endpoints"], 0);
    }
}
