//! Header names in the spelling that Go's HTTP library gives them: `x-request-id` becomes `X-Request-Id`.

/// The canonical spelling; names with characters that no header may have stay as they are.
#[must_use]
pub fn canonical(name: &str) -> String {
    if name.is_empty() || !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    let spell = |character: char| {
        let spelled = if upper { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() };
        upper = character == '-';
        spelled
    };
    name.chars().map(spell).collect()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn names_are_spelled_as_go_spells_them() {
        for (name, spelled) in [
            ("x-a", "X-A"),
            ("CONTENT-type", "Content-Type"),
            ("x_y-z9a", "X_y-Z9a"),
            ("*", "*"),
            ("with space", "with space"),
            ("é-a", "é-a"),
            ("", ""),
        ] {
            assert_eq!(canonical(name), spelled);
        }
    }
}
