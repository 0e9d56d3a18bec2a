//! Which names of fields, headers and parameters tell that their values are secret.
//!
//! A name is split into words at changes of case, at digits and at everything that is neither letter nor digit:
//! `userAPIKey2`, `user-api-key` and `user_api_key` have the same words. Better one value too many is replaced than one
//! too few: equal values stay recognisable.

use std::collections::HashSet;

use crate::config::shadow::CREDENTIAL_QUERY;

/// Long enough to mean the same wherever they stand in a name, also within a word: `accesstoken`, `userpassword`.
const ANYWHERE: [&str; 28] = [
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "authorization",
    "credential",
    "cookie",
    "session",
    "apikey",
    "accesskey",
    "privatekey",
    "signature",
    "bearer",
    "creditcard",
    "cardnumber",
    "passport",
    "email",
    "iban",
    "telephone",
    "telefon",
    "phonenumber",
    "birth",
    "geburt",
    "address",
];

/// Words, or several in a row, that tell a secret only on their own: `pan` does, `company` does not.
const WORDS: [&str; 70] = [
    "pass",
    "pswd",
    "key",
    "cc",
    "ccnum",
    "mfa",
    "seed",
    "mnemonic",
    "login",
    "username",
    "pwd",
    "pw",
    "pin",
    "otp",
    "totp",
    "auth",
    "authentication",
    "oauth",
    "jwt",
    "csrf",
    "xsrf",
    "sid",
    "sig",
    "card",
    "cards",
    "pan",
    "cvv",
    "cvc",
    "csc",
    "ssn",
    "socialsecurity",
    "socialsecuritynumber",
    "taxid",
    "taxnumber",
    "nationalid",
    "driverlicense",
    "driverslicense",
    "licensenumber",
    "accountnumber",
    "accountno",
    "bankaccount",
    "routingnumber",
    "sortcode",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "sharedkey",
    "mail",
    "phone",
    "phones",
    "cellphone",
    "mobile",
    "mobilephone",
    "tel",
    "fax",
    "msisdn",
    "dob",
    "adresse",
    "street",
    "zip",
    "zipcode",
    "postcode",
    "postalcode",
    "firstname",
    "lastname",
    "fullname",
    "givenname",
    "familyname",
    "surname",
    "maidenname",
];

/// The longest name that is a name, in bytes; a longer one is data, and so may be what stands under it.
pub(super) const NAME_BYTES_MAX: usize = 64;

/// How many words in a row are taken together, besides all of a name.
const WORDS_IN_A_ROW: usize = 4;

/// Names that tell a secret: those that usually do, and the file's own.
pub(super) struct SecretNames(HashSet<Box<str>>);

impl SecretNames {
    /// The usual ones and these.
    pub(super) fn new<'a>(more: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Self(WORDS.map(Box::from).into());
        names.extend(CREDENTIAL_QUERY);
        names.extend(more);
        names
    }

    /// Adds these.
    pub(super) fn extend<'a>(&mut self, more: impl IntoIterator<Item = &'a str>) {
        let joined = more.into_iter().map(|name| words(name).concat().into_boxed_str());
        self.0.extend(joined.filter(|name| !name.is_empty()));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len() + ANYWHERE.len()
    }

    /// Whether what stands under this name is secret.
    pub(super) fn tell(&self, name: &str) -> bool {
        if name.len() > NAME_BYTES_MAX {
            return true;
        }
        let words = words(name);
        let whole = words.concat();
        if self.0.contains(whole.as_str()) || ANYWHERE.iter().any(|part| whole.contains(part)) {
            return true;
        }
        let is_secret = |row: &[String]| self.0.contains(row.concat().as_str());
        (1..=WORDS_IN_A_ROW).any(|count| words.windows(count).any(is_secret))
    }

    /// Whether a text names a secret where its value would follow: `password=…`, `"token": …`, `<email>…`,
    /// `name="pin"`, or as a column.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        let is_of_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        let mut rest = text;
        while let Some(start) = rest.find(is_of_name) {
            let (skipped, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
            let end = from.find(|letter| !is_of_name(letter)).unwrap_or(from.len());
            let (name, after) = from.split_at_checked(end).unwrap_or((from, ""));
            let before = text.strip_suffix(from).unwrap_or(skipped);
            if is_followed_by_a_value(before, after) && self.tell(name) {
                return true;
            }
            rest = after;
        }
        false
    }
}

/// Whether what stands between these two names what comes next, or is named itself by what came before.
fn is_followed_by_a_value(before: &str, after: &str) -> bool {
    let is_quote = |letter: char| matches!(letter, '"' | '\'' | '\\');
    let is_loose = |letter: char| is_quote(letter) || letter.is_whitespace();
    let is_separator = |letter: char| matches!(letter, ',' | ';' | '|' | '\t');
    let is_edge = |letter: Option<char>| {
        letter.is_none_or(|letter| is_separator(letter) || is_quote(letter) || matches!(letter, '\n' | '\r'))
    };
    let (last, next) = (before.chars().next_back(), after.chars().next());
    let names = after.trim_start_matches(is_loose).starts_with(['=', ':', '>']) || last == Some('<');
    let is_named = last.is_some_and(is_quote)
        && next.is_some_and(is_quote)
        && before.trim_end_matches(is_loose).ends_with(['=', ':']);
    let is_column =
        is_edge(last) && is_edge(next) && (last.is_some_and(is_separator) || next.is_some_and(is_separator));
    names || is_named || is_column
}

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = name.chars().peekable();
    let mut last: Option<char> = None;
    while let Some(letter) = letters.next() {
        let begins = last.is_some_and(|last| {
            let is_camel = letter.is_uppercase() && !last.is_uppercase();
            // The last capital of several belongs to what follows: `APIKey`.
            let is_acronym =
                last.is_uppercase() && letter.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
            is_camel || is_acronym || last.is_numeric() != letter.is_numeric()
        });
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        last = Some(letter);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_split_into_words() {
        for (name, split) in [
            ("userAPIKey", "user api key"),
            ("user_api-key", "user api key"),
            ("CVV2", "cvv 2"),
            ("X-Auth-Token", "x auth token"),
            ("GROẞ", "groß"),
            ("__", ""),
        ] {
            assert_eq!(words(name).join(" "), split, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_tell_them_and_others_do_not() {
        let names = SecretNames::new(["Kunden_Nummer", "x"]);
        for name in [
            "password",
            "userPassword",
            "PASSWD",
            "pwd",
            "accesstoken",
            "refresh_token",
            "Authorization",
            "set-cookie",
            "proxy-authorization",
            "X-Api-Key",
            "api-key",
            "apikey",
            "x-amz-security-token",
            "x-csrf-token",
            "x-auth-token",
            "x-forwarded-access-token",
            "JSESSIONID",
            "sid",
            "cardNumber",
            "card",
            "PAN",
            "cvv2",
            "iban",
            "SSN",
            "e-mail",
            "email_address",
            "phone",
            "birthDate",
            "dob",
            "jwt",
            "sig",
            "X-Amz-Signature",
            "client_secret",
            "kundenNummer",
            "kunden-nummer-2",
            "x",
            "first_name",
            "firstName",
        ] {
            assert!(names.tell(name), "{name}");
        }
        for name in [
            "id",
            "company",
            "discard",
            "cardinality",
            "spin",
            "author",
            "price",
            "name",
            "microphone",
            "nummer",
            "",
            "xy",
        ] {
            assert!(!names.tell(name), "{name}");
        }
        assert!(names.tell(&"a".repeat(NAME_BYTES_MAX + 1)));
    }

    #[test]
    fn every_word_is_found_again() {
        let names = SecretNames::new([]);
        for word in WORDS.iter().chain(&ANYWHERE).chain(&CREDENTIAL_QUERY) {
            assert!(names.tell(word) && names.tell(&format!("user_{word}_2")), "{word}");
        }
    }

    #[test]
    fn texts_that_name_a_secret_are_known_and_those_that_speak_of_one_are_not() {
        let names = SecretNames::new([]);
        for text in [
            "password=hunter2",
            "a=b&token=c",
            r#"{"password" : "x"}"#,
            r#"{\"pin\":1}"#,
            "<password>x</password>",
            "<password type='a'>x",
            r#"<input name="password" value="x">"#,
            "name,password\nbob,x",
            "Password: x",
            "pin\t:1",
            "password;name",
        ] {
            assert!(names.stand_in(text), "{text}");
        }
        for text in
            ["Forgot your password?", "Invalid token.", "retry, token, again", "a=b", "", "company=x", "password"]
        {
            assert!(!names.stand_in(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in ".{0,80}") {
            let names = SecretNames::new([name.as_str()]);
            prop_assert!(names.tell(&name) || words(&name).is_empty());
            let _told = names.stand_in(&name);
        }
    }
}
