//! What KrakenD takes for a host: `h`, `h:80`, `https://h.com/`, and nothing with a path, user or IPv6 address.
//!
//! Promises: the same verdict as the pattern `(https?://)?([a-zA-Z0-9._-]+)(:[0-9]{2,6})?/?`, which must be found
//! exactly once in the text (not: match the whole of it).

/// The host as `scheme://name:port`; `None` when it is not one.
#[must_use]
pub fn sanitise(host: &str) -> Option<String> {
    let mut found = None;
    let mut rest = host;
    while let Some(first) = rest.chars().next() {
        let Some((sanitised, after)) = take(rest) else {
            rest = rest.strip_prefix(first).unwrap_or_default();
            continue;
        };
        if found.replace(sanitised).is_some() {
            return None;
        }
        rest = after;
    }
    found
}

/// One match of the pattern at the start of the text, sanitised, and the text after it.
fn take(text: &str) -> Option<(String, &str)> {
    let schemes = ["https://", "http://"];
    let with_scheme = schemes.iter().find_map(|scheme| Some((*scheme, take_name(text.strip_prefix(scheme)?)?)));
    let (scheme, (name, rest)) = with_scheme.or_else(|| Some(("http://", take_name(text)?)))?;
    let (port, rest) = take_port(rest).unwrap_or(("", rest));
    Some((format!("{scheme}{name}{port}"), rest.strip_prefix('/').unwrap_or(rest)))
}

fn take_name(text: &str) -> Option<(&str, &str)> {
    let in_name = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let end = text.find(|character| !in_name(character)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn take_port(text: &str) -> Option<(&str, &str)> {
    let digits = text.strip_prefix(':')?.bytes().take(6).take_while(u8::is_ascii_digit).count();
    (digits >= 2).then(|| text.split_at(digits + 1))
}

#[cfg(test)]
mod tests {
    use super::sanitise;

    #[test]
    fn hosts_become_base_addresses() {
        for (host, sanitised) in [
            ("https://h.com/", "https://h.com"),
            ("h2:80", "http://h2:80"),
            ("h3", "http://h3"),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
            ("http", "http://http"),
            (" h ", "http://h"),
        ] {
            assert_eq!(sanitise(host).as_deref(), Some(sanitised), "{host}");
        }
    }

    #[test]
    fn whatever_is_not_just_a_host_is_refused() {
        for host in
            ["", "/", "http://h/api", "tcp://x:1", "HTTP://x", "http://u:p@h", "[::1]:80", "h:8", "h:1234567", "a b"]
        {
            assert_eq!(sanitise(host), None, "{host}");
        }
    }
}
