//! Comparing bodies that are text: lines, whose white space may not matter, and of which some may differ.
//!
//! Similarity is the share of lines that both have, wherever they stand, of the lines of the longer one. So it costs no
//! more than sorting them, however different two texts are.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::shadow::TextRule;

use super::{DifferenceKind, Excerpt, findings::Findings};

/// Compares two texts; `seed` is what nobody outside knows.
pub(super) fn compare(rule: TextRule, seed: u64, live: &[u8], shadow: &[u8], findings: &mut Findings<'_>) {
    if live == shadow {
        return;
    }
    if rule.normalizes_whitespace && words(live).eq(words(shadow)) {
        return;
    }
    if rule.similarity.is_some_and(|least| similarity(rule, seed, live, shadow) >= least) {
        return;
    }
    let same = lines(live).zip(lines(shadow)).take_while(|(live, shadow)| is_same(rule, live, shadow)).count();
    let [mine, theirs] = [live, shadow].map(|text| lines(text).nth(same).map(Excerpt::of_text));
    let at = format!("body line {}", same.saturating_add(1));
    findings.add_body(DifferenceKind::Value, &at, (mine, theirs));
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// What stands between white space. White space at the ends is none.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn is_same(rule: TextRule, live: &[u8], shadow: &[u8]) -> bool {
    live == shadow || (rule.normalizes_whitespace && words(live).eq(words(shadow)))
}

fn similarity(rule: TextRule, seed: u64, live: &[u8], shadow: &[u8]) -> f64 {
    let [lives, shadows] = [live, shadow].map(|text| {
        let mut prints: Vec<u64> = lines(text).map(|line| print(rule, seed, line)).collect();
        prints.sort_unstable();
        prints
    });
    let longer = lives.len().max(shadows.len());
    let (mut live, mut shadow) = (lives.iter().peekable(), shadows.iter().peekable());
    let mut both = 0_usize;
    while let (Some(one), Some(other)) = (live.peek(), shadow.peek()) {
        let order = one.cmp(other);
        both += usize::from(order.is_eq());
        if order.is_le() {
            live.next();
        }
        if order.is_ge() {
            shadow.next();
        }
    }
    both as f64 / longer as f64
}

fn print(rule: TextRule, seed: u64, line: &[u8]) -> u64 {
    if rule.normalizes_whitespace {
        return xxh3_64_with_seed(&words(line).collect::<Vec<_>>().join(&b' '), seed);
    }
    xxh3_64_with_seed(line, seed)
}
