//! Chance without a random source: numbers that look drawn and are the same in every run.
//!
//! Promises: equal inputs give equal numbers, on every machine and in every version of the demo.

/// A well mixed number made of a text and a count.
pub(super) fn mixed(text: &str, count: u64) -> u64 {
    // FNV-1a for the text, then the finaliser of SplitMix64, so that neighbouring counts land far apart.
    let seed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut bits = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// One of `choices`, picked by `number`; `None` only if there are none.
pub(super) fn pick<T: Copy>(choices: &[T], number: u64) -> Option<T> {
    let length = u64::try_from(choices.len()).ok()?;
    let position = number.checked_rem(length)?;
    choices.get(usize::try_from(position).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_input_gives_the_same_number() {
        assert_eq!(mixed("/user/7", 3), mixed("/user/7", 3));
        assert_ne!(mixed("/user/7", 3), mixed("/user/7", 4));
        assert_ne!(mixed("/user/7", 3), mixed("/user/8", 3));
    }

    #[test]
    fn every_share_of_a_thousand_is_met_about_as_often_as_it_says() {
        let below_twenty = (0..100_000).filter(|count| mixed("/v2/user/1", *count) % 1000 < 20).count();
        assert!((1_700..2_300).contains(&below_twenty), "{below_twenty} of 100000");
    }

    #[test]
    fn picking_from_nothing_is_none() {
        assert_eq!(pick::<u8>(&[], 5), None);
        assert_eq!(pick(&[1, 2, 3], 4), Some(2));
    }
}
