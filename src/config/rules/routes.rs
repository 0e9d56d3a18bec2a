//! Routes that cannot stand beside each other: the same one twice, or two names for one path parameter.
//!
//! Promises: finds what makes the original's router stop at start, per method, with its words.

use std::collections::HashMap;

/// One route to publish.
#[derive(Clone, Debug)]
pub struct Route<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Path with parameters as `:name`.
    pub path: String,
    /// Where it was written.
    pub pointer: &'a str,
}

/// A route that cannot be published, and the earlier one it collides with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Pointer of the later route.
    pub pointer: String,
    /// Pointer of the earlier one.
    pub earlier: String,
    /// The original router's words.
    pub message: String,
}

/// The conflicts, each told at the later route. Takes time in proportion to the number of path segments.
#[must_use]
pub fn conflicts(routes: &[Route<'_>]) -> Vec<Conflict> {
    let mut paths: HashMap<(&str, &str), &str> = HashMap::new();
    let mut wildcards: HashMap<(&str, String), (String, &str)> = HashMap::new();
    let mut found = Vec::new();
    for route in routes {
        let message = match paths.get(&(route.method, route.path.as_str())) {
            Some(earlier) => Some((format!("handlers are already registered for path '{}'", route.path), *earlier)),
            None => other_name(route, &wildcards),
        };
        if let Some((message, earlier)) = message {
            found.push(Conflict { pointer: route.pointer.to_owned(), earlier: earlier.to_owned(), message });
            continue;
        }
        paths.insert((route.method, route.path.as_str()), route.pointer);
        for (prefix, name) in wildcards_of(&route.path) {
            wildcards.entry((route.method, prefix)).or_insert((name, route.pointer));
        }
    }
    found
}

/// An earlier route with another name for one of the parameters, in the same place.
fn other_name<'a>(
    route: &Route<'a>,
    wildcards: &HashMap<(&'a str, String), (String, &'a str)>,
) -> Option<(String, &'a str)> {
    wildcards_of(&route.path).find_map(|(prefix, name)| {
        let (existing, earlier) = wildcards.get(&(route.method, prefix.clone()))?;
        if *existing == name {
            return None;
        }
        let message = format!(
            "'{name}' in new path '{}' conflicts with existing wildcard '{existing}' in existing prefix '{prefix}{existing}'",
            route.path
        );
        Some((message, *earlier))
    })
}

/// Every `:name` segment with the path before it.
fn wildcards_of(path: &str) -> impl Iterator<Item = (String, String)> {
    let mut prefix = String::new();
    let segments = path.split('/').skip(1).map(move |segment| {
        prefix.push('/');
        let before = prefix.clone();
        prefix.push_str(segment);
        (before, segment.to_owned())
    });
    segments.filter(|(_, segment)| segment.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::{Route, conflicts};

    fn found(paths: &[(&'static str, &str)]) -> Vec<String> {
        let routes: Vec<_> =
            paths.iter().map(|(method, path)| Route { method, path: (*path).to_owned(), pointer: "" }).collect();
        conflicts(&routes).into_iter().map(|conflict| conflict.message).collect()
    }

    #[test]
    fn equal_routes_conflict() {
        assert_eq!(found(&[("GET", "/a"), ("GET", "/a")]), ["handlers are already registered for path '/a'"]);
    }

    #[test]
    fn two_names_for_one_parameter_conflict() {
        assert_eq!(
            found(&[("GET", "/a/:id"), ("GET", "/a/:x/b")]),
            ["':x' in new path '/a/:x/b' conflicts with existing wildcard ':id' in existing prefix '/a/:id'"]
        );
    }

    #[test]
    fn different_methods_letters_slashes_and_static_segments_do_not_conflict() {
        let paths =
            [("GET", "/a"), ("GET", "/a/"), ("GET", "/A"), ("GET", "/a/:id"), ("GET", "/a/b"), ("POST", "/a/:x")];
        assert!(found(&paths).is_empty());
        assert!(found(&[("GET", "/a/:id/b"), ("GET", "/b/:x/b"), ("GET", "/a/:id/:x")]).is_empty());
    }
}
