//! The keys that are pressed.

use std::io::Read;

use tokio::sync::mpsc;

/// So many may wait.
const WAITING_MAX: usize = 16;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Sort,
    Turn,
    Up,
    Down,
    PageUp,
    PageDown,
}

/// The keys of standard input as they come; its end is [`Key::Quit`].
pub(super) fn listen() -> mpsc::Receiver<Key> {
    let (keys, pressed) = mpsc::channel(WAITING_MAX);
    // A thread of its own, since nothing but waiting can be done with a terminal; it ends with the program.
    std::thread::spawn(move || {
        let mut bytes = [0; 64];
        loop {
            let read = std::io::stdin().read(&mut bytes).unwrap_or(0);
            let pressed = if read == 0 { vec![Key::Quit] } else { keys_of(bytes.get(..read).unwrap_or_default()) };
            for key in pressed {
                if keys.blocking_send(key).is_err() {
                    return;
                }
            }
            if read == 0 {
                return;
            }
        }
    });
    pressed
}

/// The keys that a terminal has written, which it does all at once.
fn keys_of(mut bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match first {
            // Ctrl-C and Ctrl-D.
            b'q' | b'Q' | 3 | 4 => keys.push(Key::Quit),
            b's' => keys.push(Key::Sort),
            b'r' => keys.push(Key::Turn),
            b'k' => keys.push(Key::Up),
            b'j' => keys.push(Key::Down),
            b' ' => keys.push(Key::PageDown),
            0x1b => {
                let sequence = rest.strip_prefix(b"[").or_else(|| rest.strip_prefix(b"O")).unwrap_or_default();
                let end = sequence.iter().position(|byte| (0x40..=0x7e).contains(byte));
                let Some((sequence, after)) = end.and_then(|end| sequence.split_at_checked(end + 1)) else { continue };
                bytes = after;
                match sequence {
                    b"A" => keys.push(Key::Up),
                    b"B" => keys.push(Key::Down),
                    b"5~" => keys.push(Key::PageUp),
                    b"6~" => keys.push(Key::PageDown),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_known_by_what_terminals_write() {
        for (bytes, keys) in [
            (&b"q"[..], &[Key::Quit][..]),
            (b"\x03", &[Key::Quit]),
            (b"sxr", &[Key::Sort, Key::Turn]),
            (b"\x1b[A\x1b[B\x1bOA", &[Key::Up, Key::Down, Key::Up]),
            (b"\x1b[5~\x1b[6~ ", &[Key::PageUp, Key::PageDown, Key::PageDown]),
            // What is pressed with other keys means nothing.
            (b"\x1b[1;5A\x1b[15~", &[]),
            (b"\x1b", &[]),
        ] {
            assert_eq!(keys_of(bytes), keys, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            prop_assert!(keys_of(&bytes).len() <= bytes.len());
        }
    }
}
