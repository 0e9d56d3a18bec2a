//! What witnesses are shown of calls of every kind, and that the answer is the same.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::time::{Instant, advance};
use xxhash_rust::xxh3::xxh3_128;

use crate::model::{
    BodyError, Data, Failure, Headers, Kind, Payload, Response, SeenBody, Sight, Wanted, WireAnswer, Witness,
    body::{BodyReceiver, BodySender, transit},
};

use super::{client::Inbound, packed::Packing, watch::Watch};

/// Remembers what it is shown; has room for so many bytes.
#[derive(Debug)]
struct Notes {
    wants: Wanted,
    room: Mutex<usize>,
    sights: Mutex<Vec<Sight>>,
}

const WHOLE: Wanted = Wanted { raw: false, hashed: false, bytes_max: 100 };

impl Notes {
    fn wanting(wants: Wanted) -> Arc<Self> {
        Arc::new(Self { wants, room: Mutex::new(1000), sights: Mutex::default() })
    }

    fn with_room(room: usize) -> Arc<Self> {
        Arc::new(Self { wants: WHOLE, room: Mutex::new(room), sights: Mutex::default() })
    }

    /// What it was shown, in words.
    fn told(&self) -> Vec<String> {
        self.sights.lock().unwrap().iter().map(in_words).collect()
    }
}

impl Witness for Notes {
    fn wants(&self) -> Wanted {
        self.wants
    }

    fn reserve(&self, bytes: usize) -> bool {
        let mut room = self.room.lock().unwrap();
        let left = room.checked_sub(bytes);
        *room = left.unwrap_or(*room);
        left.is_some()
    }

    fn saw(&self, sight: Sight) {
        self.sights.lock().unwrap().push(sight);
    }
}

fn in_words(sight: &Sight) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match sight {
        Sight::Failed(kind) => format!("{kind:?}"),
        Sight::Answer(seen) => {
            let body = match &seen.body {
                SeenBody::Bytes(bytes) => format!("bytes {}", text(bytes)),
                SeenBody::Pieces(pieces) => format!("{} pieces {}", pieces.chunks().len(), text(&pieces.to_bytes())),
                SeenBody::Data(data) => format!("data {}", text(&data.to_bytes())),
                SeenBody::Hashed { bytes, hash } => format!("{bytes} bytes {hash:x}"),
                SeenBody::Unkept(why) => format!("{why:?}"),
            };
            format!("{} after {} ms: {body}", seen.status.as_u16(), seen.took.as_millis())
        }
    }
}

fn witnesses(notes: &[&Arc<Notes>]) -> Vec<Arc<dyn Witness>> {
    notes.iter().map(|one| Arc::clone(*one) as Arc<dyn Witness>).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

fn head(status: u16) -> Inbound {
    let mut headers = Headers::new();
    headers.append(HeaderName::from_static("x-of"), HeaderValue::from_static("the upstream"));
    Inbound::of_component(WireAnswer::whole(StatusCode::from_u16(status).unwrap(), headers, Bytes::new()))
}

fn whole(text: &'static str) -> Response {
    Response { status: StatusCode::OK, headers: Headers::new(), payload: Payload::Whole(text.into()), complete: true }
}

/// The data of a decoded answer whose text was `text`, after the backend's rules made `shaped` of it.
fn show_decoded(notes: &Arc<Notes>, text: &'static str, shaped: &'static str) -> Result<Response, Failure> {
    let all = witnesses(&[notes]);
    let watch = Watch::start(&all, soon());
    watch.saw_head(&head(201));
    watch.saw_text(&Bytes::from_static(text.as_bytes()), Packing::None);
    watch.end(Ok(Response::data(Data::parse(&Bytes::from_static(shaped.as_bytes())).unwrap(), true)))
}

#[tokio::test(start_paused = true)]
async fn a_decoded_answer_is_shown_shaped_or_raw_with_the_upstreams_head() {
    let (shaped, raw) = (Notes::wanting(WHOLE), Notes::wanting(Wanted { raw: true, ..WHOLE }));
    let all = witnesses(&[&shaped, &raw]);
    let watch = Watch::start(&all, soon());
    advance(Duration::from_millis(5)).await;
    watch.saw_head(&head(201));
    advance(Duration::from_millis(7)).await;
    watch.saw_text(&Bytes::from_static(b"{\"a\":1,\"b\":2}"), Packing::None);
    let data = Data::parse(&Bytes::from_static(b"{\"b\":2}")).unwrap();
    let response = watch.end(Ok(Response::data(data, true))).unwrap();
    assert!(matches!(&response.payload, Payload::Data(data) if data.to_bytes() == "{\"b\":2}"));
    assert_eq!(shaped.told(), ["201 after 12 ms: data {\"b\":2}"]);
    assert_eq!(raw.told(), ["201 after 12 ms: bytes {\"a\":1,\"b\":2}"]);
    let sights = shaped.sights.lock().unwrap();
    let Sight::Answer(seen) = &sights[0] else { panic!("an answer") };
    assert!(seen.headers.get(&HeaderName::from_static("x-of")).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_hash_is_of_the_text_and_needs_no_room() {
    let notes = Arc::new(Notes {
        wants: Wanted { hashed: true, bytes_max: 1, ..WHOLE },
        room: Mutex::new(0),
        sights: Mutex::default(),
    });
    show_decoded(&notes, "{\"a\":1}", "{}").unwrap();
    assert_eq!(notes.told(), [format!("201 after 0 ms: 7 bytes {:x}", xxh3_128(b"{\"a\":1}"))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_hashed_is_kept_as_long_as_there_is_room() {
    let hashed = Wanted { hashed: true, bytes_max: 10, ..WHOLE };
    let notes = Notes::wanting(hashed);
    show_decoded(&notes, "{\"a\":1}", "{}").unwrap();
    assert_eq!((notes.told(), *notes.room.lock().unwrap()), (vec!["201 after 0 ms: bytes {\"a\":1}".to_owned()], 993));
    let short = Notes::wanting(hashed);
    assert_eq!(pass(&[&short], &["abc", "def"], None).await, ("abcdef".to_owned(), true));
    assert_eq!(short.told(), ["200 after 0 ms: bytes abcdef"]);
    let long = Notes::wanting(hashed);
    assert_eq!(pass(&[&long], &["abc", "def", "ghi", "jkl"], None).await, ("abcdefghijkl".to_owned(), true));
    assert_eq!(long.told(), [format!("200 after 0 ms: 12 bytes {:x}", xxh3_128(b"abcdefghijkl"))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_or_has_no_room_is_not_kept() {
    let small = Notes::wanting(Wanted { bytes_max: 6, ..WHOLE });
    show_decoded(&small, "{\"a\":1}", "{}").unwrap();
    assert_eq!((small.told(), *small.room.lock().unwrap()), (vec!["201 after 0 ms: TooLarge".to_owned()], 1000));
    let full = Notes::with_room(6);
    show_decoded(&full, "{\"a\":1}", "{}").unwrap();
    assert_eq!((full.told(), *full.room.lock().unwrap()), (vec!["201 after 0 ms: NoRoom".to_owned()], 6));
    let fits = Notes::with_room(7);
    show_decoded(&fits, "{\"a\":1}", "{}").unwrap();
    assert_eq!((fits.told(), *fits.room.lock().unwrap()), (vec!["201 after 0 ms: data {}".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_component_answered_in_the_upstreams_place_is_shown_too() {
    let notes = Notes::wanting(WHOLE);
    let all = witnesses(&[&notes]);
    Watch::start(&all, soon()).end(Ok(whole("cached"))).unwrap();
    assert_eq!(notes.told(), ["200 after 0 ms: bytes cached"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_status_is_an_answer_without_a_body_and_other_failures_are_none() {
    let notes = Notes::wanting(WHOLE);
    let all = witnesses(&[&notes]);
    for kind in [Kind::Status, Kind::Decode, Kind::Connect] {
        let watch = Watch::start(&all, soon());
        watch.saw_head(&head(503));
        let failure = watch.end(Err(Failure::new(kind, "as it was"))).unwrap_err();
        assert_eq!((failure.kind, &*failure.message), (kind, "as it was"));
    }
    assert_eq!(notes.told(), ["503 after 0 ms: bytes ", "Decode", "Connect"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_is_shown_only_when_its_time_was_over() {
    let notes = Notes::wanting(WHOLE);
    let all = witnesses(&[&notes]);
    drop(Watch::start(&all, soon()));
    assert!(notes.told().is_empty());
    let watch = Watch::start(&all, soon());
    advance(Duration::from_secs(1)).await;
    drop(watch);
    assert_eq!(notes.told(), ["Timeout"]);
}

/// A body in transit that is watched.
fn watched(notes: &[&Arc<Notes>]) -> (BodySender, BodyReceiver) {
    let all = witnesses(notes);
    let (sender, receiver) = transit(None);
    let watch = Watch::start(&all, soon());
    watch.saw_head(&head(200));
    let payload = Payload::Transit(receiver);
    let response = Response { status: StatusCode::OK, headers: Headers::new(), payload, complete: true };
    let Payload::Transit(receiver) = watch.end(Ok(response)).unwrap().payload else { panic!("it stays in transit") };
    (sender, receiver)
}

/// Sends chunks and how the body ends; gives what its reader reads.
async fn pass(notes: &[&Arc<Notes>], chunks: &[&'static str], ends: Option<BodyError>) -> (String, bool) {
    let (sender, mut receiver) = watched(notes);
    let send = async {
        for chunk in chunks {
            sender.send(Bytes::from_static(chunk.as_bytes())).await.unwrap();
        }
        match ends {
            None => sender.finish().await,
            Some(error) => sender.break_off(error).await,
        }
    };
    let read = async {
        let mut text = String::new();
        loop {
            match receiver.next_chunk().await {
                Some(Ok(chunk)) => text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Some(Err(_)) => return (text, false),
                None => return (text, true),
            }
        }
    };
    tokio::join!(send, read).1
}

#[tokio::test(start_paused = true)]
async fn a_body_in_transit_is_shown_when_its_reader_has_read_it() {
    let (notes, hashed) = (Notes::wanting(WHOLE), Notes::wanting(Wanted { hashed: true, bytes_max: 1, ..WHOLE }));
    let chunks = ["one ", "two ", "three ", "four ", "five ", "six"];
    let whole = chunks.concat();
    assert_eq!(pass(&[&notes, &hashed], &chunks, None).await, (whole.clone(), true));
    assert_eq!(notes.told(), [format!("200 after 0 ms: bytes {whole}")]);
    assert_eq!(*notes.room.lock().unwrap(), 1000 - whole.len());
    assert_eq!(hashed.told(), [format!("200 after 0 ms: {} bytes {:x}", whole.len(), xxh3_128(whole.as_bytes()))]);
    assert_eq!(*hashed.room.lock().unwrap(), 1000);
}

#[tokio::test(start_paused = true)]
async fn large_chunks_are_not_put_together_where_clients_are_served() {
    let notes = Notes::wanting(Wanted { bytes_max: 1 << 20, ..WHOLE });
    *notes.room.lock().unwrap() = 1 << 20;
    let chunk: &'static str = "x".repeat(5000).leak();
    assert!(pass(&[&notes], &[chunk, chunk], None).await.1);
    assert_eq!(notes.told(), [format!("200 after 0 ms: 2 pieces {chunk}{chunk}")]);
}

#[tokio::test(start_paused = true)]
async fn a_body_in_transit_that_is_too_large_or_has_no_room_still_passes() {
    let small = Notes::wanting(Wanted { bytes_max: 5, ..WHOLE });
    let full = Notes::with_room(5);
    let chunks = ["abc", "def", "ghi"];
    assert_eq!(pass(&[&small, &full], &chunks, None).await, ("abcdefghi".to_owned(), true));
    assert_eq!(small.told(), ["200 after 0 ms: TooLarge"]);
    assert_eq!(full.told(), ["200 after 0 ms: NoRoom"]);
    assert_eq!(*full.room.lock().unwrap(), 2, "no more is reserved once it is given up");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_or_takes_too_long_is_not_shown_as_whole() {
    for (error, shown) in [
        (BodyError::BrokenOff, "200 after 0 ms: BrokenOff"),
        (BodyError::TooLarge, "200 after 0 ms: BrokenOff"),
        (BodyError::TimedOut, "Timeout"),
    ] {
        let (notes, hashed) = (Notes::wanting(WHOLE), Notes::wanting(Wanted { hashed: true, ..WHOLE }));
        assert_eq!(pass(&[&notes, &hashed], &["abc"], Some(error)).await, ("abc".to_owned(), false));
        assert_eq!((notes.told(), hashed.told()), (vec![shown.to_owned()], vec![shown.to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_whose_reader_goes_away_is_not_shown() {
    let notes = Notes::wanting(WHOLE);
    let (sender, mut receiver) = watched(&[&notes]);
    sender.send(Bytes::from_static(b"abc")).await.unwrap();
    assert!(matches!(receiver.next_chunk().await, Some(Ok(_))));
    drop(receiver);
    assert!(sender.send(Bytes::new()).await.is_err());
    assert!(notes.told().is_empty());
    assert_eq!(Arc::strong_count(&notes), 1, "nobody holds the witness any more");
}

#[tokio::test(start_paused = true)]
async fn calls_that_race_are_shown_in_the_order_in_which_they_end() {
    let notes = Notes::wanting(WHOLE);
    let all = witnesses(&[&notes]);
    let (first, second, third) = (Watch::start(&all, soon()), Watch::start(&all, soon()), Watch::start(&all, soon()));
    first.end(Err(Failure::new(Kind::Connect, "refused"))).unwrap_err();
    third.end(Ok(whole("won"))).unwrap();
    // Given up by the one that won.
    drop(second);
    assert_eq!(notes.told(), ["Connect", "200 after 0 ms: bytes won"]);
}
