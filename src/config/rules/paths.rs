//! What an endpoint's path may be, and which parameters it names.

/// Exactly one slash in front: one that is there is kept, a missing one is added.
#[must_use]
pub fn with_leading_slash(path: &str) -> String {
    format!("/{}", path.strip_prefix('/').unwrap_or(path))
}

/// Whether the path collides with KrakenD's own routes or has more after a `*`.
#[must_use]
pub fn is_forbidden(path: &str) -> bool {
    // The pattern of the original does not match across line ends, hence the look at the next character.
    let star = path.char_indices().any(|(at, character)| {
        character == '*' && path.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(|next| next != '\n')
    });
    star || ["/__debug", "/__echo", "/__health"].iter().any(|reserved| {
        path.match_indices(reserved).any(|(at, _)| {
            let after = path.get(at + reserved.len()..).unwrap_or_default();
            after.is_empty() || (after.starts_with('/') && !after.contains('\n'))
        })
    })
}

/// The parameters in path order: `{name}` right after a slash, of letters, digits, `_` and `-`; or `anywhere`
/// (`disable_rest`), of these and `.:/`.
#[must_use]
pub fn params(path: &str, anywhere: bool) -> Vec<String> {
    let starts = path.split(if anywhere { "{" } else { "/{" }).skip(1);
    let names = starts.filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let allowed = |name: &&str| is_param_name(name, if anywhere { b"_-.:/" } else { b"_-" });
    names.filter(allowed).map(str::to_owned).collect()
}

/// The path as the original's router sees it: `{id}` of a parameter as `:id`.
#[must_use]
pub fn router_form(path: &str, params: &[String]) -> String {
    params.iter().fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), &format!(":{name}")))
}

/// The path as the router publishes it: parameters as `:name`; no empty, `.` or `..` segments; a slash at the end stays.
#[must_use]
pub fn route(path: &str, params: &[String]) -> String {
    router_form(&cleaned(path), params)
}

/// The text before a segment's parameter, and its name; `None` for a segment that is fixed.
#[must_use]
pub fn wildcard(segment: &str) -> Option<(&str, &str)> {
    segment.split_once(':')
}

/// The parameters that a request's path has values for, in order: those of `params`, and what stands behind a `:` that
/// is written out.
#[must_use]
pub fn route_params(path: &str, params: &[String]) -> Vec<String> {
    let written = cleaned(path);
    let route = router_form(&written, params);
    let pairs = written.split('/').zip(route.split('/'));
    let names = pairs.filter_map(|(written, segment)| {
        let (_, name) = wildcard(segment)?;
        let fits = |param: &&String| name.starts_with(param.as_str()) && written.contains(&format!("{{{param}}}"));
        let param = params.iter().filter(fits).max_by_key(|param| param.len());
        Some(param.map_or(name, String::as_str).to_owned())
    });
    names.collect()
}

/// Why the original's router stops at a route, in its words.
#[must_use]
pub fn wildcard_fault(route: &str) -> Option<String> {
    route.split('/').filter_map(wildcard).find_map(|(_, name)| {
        if name.contains([':', '*']) {
            return Some(format!("only one wildcard per path segment is allowed, has: ':{name}' in path '{route}'"));
        }
        name.is_empty().then(|| format!("wildcards must be named with a non-empty name in path '{route}'"))
    })
}

fn cleaned(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/"))
}

fn is_param_name(name: &str, marks: &[u8]) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{is_forbidden, params, route, route_params, router_form, wildcard_fault, with_leading_slash};

    #[test]
    fn paths_get_one_slash_in_front() {
        assert_eq!(with_leading_slash("a"), "/a");
        assert_eq!(with_leading_slash("/a"), "/a");
        assert_eq!(with_leading_slash("//a"), "//a");
        assert_eq!(with_leading_slash(""), "/");
    }

    #[test]
    fn reserved_paths_are_forbidden_anywhere() {
        for path in ["/__debug", "/foo/__debug", "/__echo/x", "/__health", "/a/*/b", "/*x"] {
            assert!(is_forbidden(path), "{path}");
        }
        for path in ["/__debugger", "/__stats", "/a/*", "/a", "/__healthy/__x"] {
            assert!(!is_forbidden(path), "{path}");
        }
    }

    #[test]
    fn params_stand_right_after_a_slash() {
        assert_eq!(params("/a/{id}/{other-one}", false), ["id", "other-one"]);
        assert_eq!(params("/a/{id}.json", false), ["id"]);
        assert!(params("/a/x{id}/{b c}/{", false).is_empty());
        assert_eq!(params("/a/x{id}/file.{ext}", true), ["id", "ext"]);
        assert_eq!(router_form("/a/{id}/x{no}", &["id".to_owned()]), "/a/:id/x{no}");
    }

    #[test]
    fn a_route_has_no_empty_segments_and_names_every_parameter() {
        let params = ["id".to_owned()];
        assert_eq!(route("//a//./b/../{id}/", &params), "/a/:id/");
        assert_eq!(route("/", &params), "/");
        assert_eq!(route_params("//a/{id}.json/:z/:idle/x:y", &params), ["id", "z", "idle", "y"]);
    }

    #[test]
    fn a_segment_has_one_parameter_with_a_name() {
        let fault = |path: &str| wildcard_fault(&route(path, &params(path, true)));
        let two = "only one wildcard per path segment is allowed, has: ':a.:b' in path '/p/:a.:b'";
        assert_eq!(fault("/p/{a}.{b}").as_deref(), Some(two));
        assert!(fault("/:a:b").is_some_and(|text| text.contains("has: ':a:b' in path '/:a:b'")));
        let nameless = "wildcards must be named with a non-empty name in path '/a/:'";
        assert_eq!(fault("/a/:").as_deref(), Some(nameless));
        assert_eq!(fault("/p/{a}/x{b}"), None);
    }
}
