//! What clients are granted: how long for what, and how much.

use std::time::Duration;

use crate::plan::ServicePlan;

/// How long a client may take for the head of its request, unless the file says otherwise. (KrakenD waits for ever.)
const HEAD_TIME: Duration = Duration::from_secs(60);
/// How long an idle client connection is kept, unless the file says otherwise. (KrakenD keeps it for ever.)
const IDLE_TIME: Duration = Duration::from_secs(120);
/// How long a client may take to shake hands.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// What Go allows a head, in bytes, unless the file says otherwise.
const HEAD_BYTES_MAX: u64 = 1 << 20;
/// What Go adds to a head's limit over HTTP/1.1, for what it reads ahead.
const HEAD_BYTES_MARGIN: u64 = 4096;
/// What Go adds to it over HTTP/2, where each of ten headers counts 32 bytes more.
const HEADER_LIST_BYTES_MARGIN: u64 = 320;

/// What every client of a listener is granted, from the start to the end: a reload changes none of it.
#[derive(Clone, Debug)]
pub(in crate::server) struct Terms {
    /// For the head of the first request of a connection.
    pub(super) head_time: Duration,
    /// Between two requests.
    pub(super) idle_time: Duration,
    /// For TLS.
    pub(super) handshake_time: Duration,
    /// From the head of a request to the last byte of its answer; `None` is no limit.
    pub(super) write_time: Option<Duration>,
    /// Bytes of the headers of a request over HTTP/2, counted as the protocol counts them.
    pub(super) header_list_bytes: u32,
    /// Whether HTTP/2 is spoken without TLS.
    pub(super) speaks_h2c: bool,
}

impl Terms {
    /// What the file says, and else what is sane.
    pub(in crate::server) fn of(service: &ServicePlan) -> Self {
        let head_time = service.head_time.unwrap_or(HEAD_TIME);
        let header_list = service.head_bytes.unwrap_or(HEAD_BYTES_MAX).saturating_add(HEADER_LIST_BYTES_MARGIN);
        Self {
            head_time,
            idle_time: service.idle_time.unwrap_or(IDLE_TIME),
            handshake_time: HANDSHAKE_TIME.min(head_time),
            write_time: service.write_time,
            header_list_bytes: u32::try_from(header_list).unwrap_or(u32::MAX),
            speaks_h2c: service.speaks_h2c,
        }
    }
}

/// The most bytes of a head over HTTP/1.1, if the file has a limit.
pub(in crate::server) fn head_bytes_max(service: &ServicePlan) -> Option<u64> {
    Some(service.head_bytes?.saturating_add(HEAD_BYTES_MARGIN))
}
