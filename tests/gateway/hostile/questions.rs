//! What clients ask of each endpoint, and what they are answered.

use crate::{
    bodies::{LONGEST, body},
    client::{Answer, Connection},
    gnomon::Gnomon,
};

/// Sizes of the requests' bodies in bytes, and how many of each size are sent one after another. The largest come first,
/// while there is still room for them.
const SIZES: &[(usize, usize)] = &[(LONGEST, 2), (1024 * 1024, 3), (1024, 4), (0, 4)];

/// Requests that one endpoint gets.
pub(super) fn count() -> u64 {
    SIZES.iter().map(|(_bytes, times)| 2 * *times as u64).sum()
}

/// Asks everything of one endpoint, looking each time `after` one size has been asked one way.
pub(super) fn ask_all(gnomon: &Gnomon, path: &str, mut after: impl FnMut()) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (bytes, times) in SIZES {
        answers.extend(on_one_connection(gnomon, path, body(*bytes), *times));
        after();
        answers.extend((0..*times).map(|_| on_its_own(gnomon, path, body(*bytes))));
        after();
    }
    answers
}

fn on_one_connection(gnomon: &Gnomon, path: &str, body: &[u8], times: usize) -> Vec<Answer> {
    let mut client = gnomon.connect();
    (0..times).map(|_| ask(&mut client, path, &[], body)).collect()
}

fn on_its_own(gnomon: &Gnomon, path: &str, body: &[u8]) -> Answer {
    let mut client = gnomon.connect();
    let answer = ask(&mut client, path, &[("Connection", "close")], body);
    assert!(client.is_closed(), "{path}: the connection stays open");
    answer
}

fn ask(client: &mut Connection, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    client.ask("POST", path, headers, body);
    let answer = client.receive().unwrap_or_else(|| panic!("{path}: no answer to {} bytes", body.len()));
    assert!(answer.complete, "{path}: the answer to {} bytes breaks off", body.len());
    answer.timeless()
}
