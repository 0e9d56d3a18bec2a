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

fn is_param_name(name: &str, marks: &[u8]) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{is_forbidden, params, router_form, with_leading_slash};

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
}
