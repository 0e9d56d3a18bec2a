//! MD5, because that is what files name their scripts by. It protects against mistakes, not against attackers.

/// The digest of `bytes` as lower-case hexadecimal text.
pub(super) fn md5(bytes: &[u8]) -> String {
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend_from_slice(&((bytes.len() as u64) * 8).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in message.chunks_exact(64) {
        state = mixed(state, block);
    }
    state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

fn mixed(state: [u32; 4], block: &[u8]) -> [u32; 4] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let words: Vec<u32> = block
        .chunks_exact(4)
        .map(|four| four.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte)))
        .collect();
    let [mut a, mut b, mut c, mut d] = state;
    let steps = SHIFTS
        .iter()
        .enumerate()
        .flat_map(|(round, shifts)| (0..16).zip(shifts.iter().cycle()).map(move |(step, shift)| (round, step, *shift)));
    for (round, step, shift) in steps {
        let (mix, word) = match round {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), (7 * step) % 16),
        };
        // The constants are the sines of the steps' numbers, as the algorithm defines them.
        let sine = ((round * 16 + step + 1) as f64).sin().abs() * 4_294_967_296.0;
        let sum = a.wrapping_add(mix).wrapping_add(sine as u32).wrapping_add(words.get(word).copied().unwrap_or(0));
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
    }
    let [first, second, third, fourth] = state;
    [first.wrapping_add(a), second.wrapping_add(b), third.wrapping_add(c), fourth.wrapping_add(d)]
}

#[cfg(test)]
mod tests {
    use super::md5;

    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        let long = "1234567890".repeat(8);
        assert_eq!(md5(long.as_bytes()), "57edf4a22be3c955ac49da2e2107b67a");
        assert_eq!(md5(&[b'a'; 55]), "ef1772b6dff9a122358552954ad0df65");
        assert_eq!(md5(&[b'a'; 56]), "3b0c8ac703f828b04c6c197006d17218");
        assert_eq!(md5(&[b'a'; 64]), "014842d480b571495a4a0363793f7367");
    }
}
