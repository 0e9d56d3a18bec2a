//! The instruments: what is measured, under which names, in which buckets. One table, in the original's words.

use Family::{Backend, Client, Proxy, Read, Server};
use Slot::{Histogram, Sum};

use super::Family;

/// Upper bounds of times, in seconds.
pub const SECONDS: &[f64] =
    &[0.01, 0.02, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.5, 5.0, 10.0];

/// Upper bounds of sizes, in bytes.
pub const BYTES: &[f64] = &[
    128.0,
    256.0,
    512.0,
    1024.0,
    4096.0,
    8192.0,
    16384.0,
    32768.0,
    65536.0,
    262_144.0,
    524_288.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Where the values of an instrument lie in the cells of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Among the histograms.
    Histogram(usize),
    /// Among the sums.
    Sum(usize),
}

/// One instrument.
#[derive(Clone, Copy, Debug)]
pub struct Instrument {
    /// Whose it is.
    pub family: Family,
    /// Where its values are.
    pub slot: Slot,
    /// Its name.
    pub name: &'static str,
    /// Its name in version 1.27 of the conventions, where that is another.
    pub name_1_27: Option<&'static str>,
    /// What it is called when Prometheus reads it, without the ending of its sort.
    pub series: &'static str,
    /// The same in version 1.27.
    pub series_1_27: Option<&'static str>,
    /// The unit of its values, where the original gives one.
    pub unit: &'static str,
    /// What it is about.
    pub about: &'static str,
}

/// Places of histograms and sums in cells.
pub mod place {
    /// The time of a request, a call or a round trip.
    pub const DURATION: usize = 0;
    /// The size of an answer.
    pub const ANSWER_SIZE: usize = 1;
    /// The size of a request, as a distribution.
    pub const REQUEST_SIZES: usize = 2;
    /// The time to get a connection.
    pub const GET_CONNECTION: usize = 3;
    /// The time to look a name up.
    pub const LOOK_UP: usize = 4;
    /// The time of a TLS handshake.
    pub const HANDSHAKE: usize = 5;
    /// The size of requests, summed up.
    pub const REQUEST_SIZE: usize = 0;
    /// Answers that don't say how long they are.
    pub const NO_LENGTH: usize = 1;
    /// Requests begun.
    pub const STARTED: usize = 2;
    /// Requests failed.
    pub const FAILED: usize = 3;
    /// Requests that nobody wanted any more.
    pub const CANCELLED: usize = 4;
    /// Requests that took too long.
    pub const TIMED_OUT: usize = 5;
    /// Of reading: the size, as a distribution.
    pub const READ_SIZES: usize = 0;
    /// The time, as a distribution.
    pub const READ_TIMES: usize = 1;
    /// The size, summed up.
    pub const READ_SIZE: usize = 0;
    /// The time, summed up.
    pub const READ_TIME: usize = 1;
    /// Readings that broke off.
    pub const READ_ERRORS: usize = 2;
}

const fn plain(
    family: Family,
    slot: Slot,
    name: &'static str,
    series: &'static str,
    unit: &'static str,
    about: &'static str,
) -> Instrument {
    Instrument { family, slot, name, name_1_27: None, series, series_1_27: None, unit, about }
}

const fn renamed(old: Instrument, name: &'static str, series: &'static str) -> Instrument {
    Instrument { name_1_27: Some(name), series_1_27: Some(series), ..old }
}

/// All instruments.
pub const INSTRUMENTS: [Instrument; 21] = [
    renamed(
        plain(
            Server,
            Histogram(place::DURATION),
            "http.server.duration",
            "http_server_duration",
            "",
            "Duration of requests to the gateway, in seconds.",
        ),
        "http.server.request.duration",
        "http_server_request_duration_seconds",
    ),
    renamed(
        plain(
            Server,
            Histogram(place::ANSWER_SIZE),
            "http.server.response.size",
            "http_server_response_size",
            "",
            "Size of answers to clients, in bytes.",
        ),
        "http.server.response.body.size",
        "http_server_response_body_size_bytes",
    ),
    plain(
        Proxy,
        Histogram(place::DURATION),
        "krakend.proxy.duration",
        "krakend_proxy_duration",
        "",
        "Duration of calls of endpoints, in seconds.",
    ),
    plain(
        Backend,
        Histogram(place::DURATION),
        "krakend.backend.duration",
        "krakend_backend_duration",
        "",
        "Duration of calls of backends, in seconds.",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::DURATION),
            "http.client.duration",
            "http_client_duration",
            "",
            "Duration of requests to upstreams, in seconds.",
        ),
        "http.client.request.duration",
        "http_client_request_duration_seconds",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::ANSWER_SIZE),
            "http.client.response.size",
            "http_client_response_size",
            "",
            "Length that answers of upstreams announce, in bytes.",
        ),
        "http.client.response.body.size",
        "http_client_response_body_size_bytes",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::REQUEST_SIZES),
            "http.client.request.body.size",
            "http_client_request_body_size_bytes",
            "By",
            "Size of request bodies to upstreams, in bytes.",
        ),
        "http.client.request.body.size",
        "http_client_request_body_size_bytes",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::GET_CONNECTION),
            "http.client.request.get-conn.duration",
            "http_client_request_get_conn_duration",
            "",
            "Time to get a connection, in seconds.",
        ),
        "http.client.request.get-conn.duration",
        "http_client_request_get_conn_duration_seconds",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::LOOK_UP),
            "http.client.request.dns.duration",
            "http_client_request_dns_duration",
            "",
            "Time to look a name up, in seconds.",
        ),
        "http.client.request.dns.duration",
        "http_client_request_dns_duration_seconds",
    ),
    renamed(
        plain(
            Client,
            Histogram(place::HANDSHAKE),
            "http.client.request.tls.duration",
            "http_client_request_tls_duration",
            "",
            "Time of a TLS handshake, in seconds.",
        ),
        "http.client.request.tls.duration",
        "http_client_request_tls_duration_seconds",
    ),
    plain(
        Client,
        Sum(place::REQUEST_SIZE),
        "http.client.request.size",
        "http_client_request_size",
        "",
        "Bytes of request bodies to upstreams.",
    ),
    plain(
        Client,
        Sum(place::NO_LENGTH),
        "http.client.response.no-content-length",
        "http_client_response_no_content_length",
        "",
        "Answers that don't announce their length.",
    ),
    plain(
        Client,
        Sum(place::STARTED),
        "http.client.request.started.count",
        "http_client_request_started_count",
        "",
        "Requests to upstreams.",
    ),
    plain(
        Client,
        Sum(place::FAILED),
        "http.client.request.failed.count",
        "http_client_request_failed_count",
        "",
        "Requests without an answer, those given up excepted.",
    ),
    plain(
        Client,
        Sum(place::CANCELLED),
        "http.client.request.canceled.count",
        "http_client_request_canceled_count",
        "",
        "Requests whose answer nobody wanted any more.",
    ),
    plain(
        Client,
        Sum(place::TIMED_OUT),
        "http.client.request.timedout.count",
        "http_client_request_timedout_count",
        "",
        "Requests whose answer did not come in time.",
    ),
    plain(
        Read,
        Histogram(place::READ_SIZES),
        "http.client.response.read.size-hist",
        "http_client_response_read_size_hist",
        "b",
        "Bytes read of answers.",
    ),
    plain(
        Read,
        Histogram(place::READ_TIMES),
        "http.client.response.read.time-hist",
        "http_client_response_read_time_hist_seconds",
        "s",
        "Time to read answers, in seconds.",
    ),
    plain(
        Read,
        Sum(place::READ_SIZE),
        "http.client.response.read.size",
        "http_client_response_read_size",
        "b",
        "Bytes read of all answers.",
    ),
    plain(
        Read,
        Sum(place::READ_TIME),
        "http.client.response.read.time",
        "http_client_response_read_time_seconds",
        "s",
        "Time to read all answers, in seconds.",
    ),
    plain(
        Read,
        Sum(place::READ_ERRORS),
        "http.client.response.read.errors",
        "http_client_response_read_errors",
        "",
        "Answers whose reading broke off.",
    ),
];

/// The bounds of the histogram in this place of a family's cells.
#[must_use]
pub fn bounds(family: Family, histogram: usize) -> &'static [f64] {
    match (family, histogram) {
        (Server | Client, place::ANSWER_SIZE) | (Client, place::REQUEST_SIZES) | (Read, place::READ_SIZES) => BYTES,
        _ => SECONDS,
    }
}

/// How many histograms and sums the cells of a family have.
#[must_use]
pub fn shape(family: Family) -> (usize, usize) {
    match family {
        Server => (2, 0),
        Proxy | Backend => (1, 0),
        Client => (6, 6),
        Read => (2, 3),
    }
}
