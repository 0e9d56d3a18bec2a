//! sprig's functions for checksums and for chance.

use ring::{
    digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest},
    rand::{SecureRandom, SystemRandom},
};

use super::super::value::Value;
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes},
};

const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(1, "sha1sum", |_, arguments| sum(&SHA1_FOR_LEGACY_USE_ONLY, arguments)),
    takes(1, "sha256sum", |_, arguments| sum(&SHA256, arguments)),
    takes(1, "sha512sum", |_, arguments| sum(&SHA512, arguments)),
    takes(0, "uuidv4", |_, _| uuid()),
    takes(1, "randAlphaNum", |host, arguments| drawn(LETTERS_AND_DIGITS, host, arguments)),
    takes(1, "randAlpha", |host, arguments| drawn(LETTERS, host, arguments)),
    takes(1, "randNumeric", |host, arguments| drawn(DIGITS, host, arguments)),
];

fn sum(algorithm: &'static Algorithm, arguments: &Arguments) -> Result<Value, String> {
    let sum = digest(algorithm, arguments.text(0)?.as_bytes());
    Ok(Value::text(&hexadecimal(sum.as_ref())))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random(bytes: &mut [u8]) -> Result<(), String> {
    SystemRandom::new().fill(bytes).map_err(|_unspecified| "the system has no random numbers".to_owned())
}

fn uuid() -> Result<Value, String> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    // Version 4, and the variant of the RFC.
    let number = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{number:032x}");
    let mut out = String::with_capacity(36);
    for (place, digit) in text.chars().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            out.push('-');
        }
        out.push(digit);
    }
    Ok(Value::text(&out))
}

/// So many characters of an alphabet, each as likely as any other.
fn drawn(alphabet: &[u8], host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let count = usize::try_from(arguments.int(0)?).unwrap_or(0);
    host.spend(count)?;
    let fair = 256 - 256 % alphabet.len();
    let mut out = String::new();
    let mut bytes = [0; 64];
    while out.len() < count {
        random(&mut bytes)?;
        let bytes = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let letters = bytes.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        out.extend(letters.take(count - out.len()).map(|letter| char::from(*letter)));
    }
    Ok(Value::text(&out))
}
