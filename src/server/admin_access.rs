//! Who may change something through the admin listener.
//!
//! With a token: whoever shows it. Without one: only a program on this machine and the page of this very listener, never
//! another web page that somebody on this machine looks at, and never somebody else through a proxy that runs here.
//! Whatever is doubtful is refused.
//!
//! That it is a program is said by a header that browsers send to no other site without asking, and that ordinary
//! clients of a proxy don't send. It is no secret: a client that knows it can have a proxy pass it on, and a proxy that
//! speaks HTTP/1.1 and adds nothing looks like a program here. An admin listener behind a proxy needs a token.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Version,
        header::{AUTHORIZATION, FORWARDED, HOST, HeaderMap, ORIGIN, REFERER, WWW_AUTHENTICATE},
    },
};

use crate::config::AdminToken;

use super::admin::text;

/// The header that says that whoever asks means this listener; its value is `1`.
pub const INTENT: &str = "x-gnomon-admin";

/// What only proxies send.
const OF_PROXIES: [&str; 4] = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
/// What only browsers send.
const OF_BROWSERS: [&str; 4] = ["origin", FETCH_SITE, "sec-fetch-mode", "referer"];
/// Where browsers say whose page asks; no page can write it.
const FETCH_SITE: &str = "sec-fetch-site";

/// The answer for a request that may not change anything; `None` lets it pass.
#[must_use]
pub fn admin_guard(request: &HttpRequest, token: Option<&AdminToken>) -> Option<HttpResponse> {
    match token {
        Some(token) if shows(request.headers(), token) => None,
        Some(_) => {
            let mut refusal = HttpResponse::Unauthorized();
            refusal.insert_header((WWW_AUTHENTICATE, "Bearer"));
            Some(text(refusal, "changes need the admin token: Authorization: Bearer TOKEN"))
        }
        None => is_local_program(request).err().map(|why| text(HttpResponse::Forbidden(), &why)),
    }
}

fn shows(headers: &HeaderMap, token: &AdminToken) -> bool {
    let mut all = headers.get_all(AUTHORIZATION);
    let (Some(only), None) = (all.next(), all.next()) else { return false };
    let Some((scheme, shown)) = only.as_bytes().split_at_checked("bearer ".len()) else { return false };
    scheme.eq_ignore_ascii_case(b"bearer ") && token.is(shown)
}

fn is_local_program(request: &HttpRequest) -> Result<(), String> {
    let remedy = "set @admin.token or GNOMON_ADMIN_TOKEN and show it";
    if !request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
        return Err(format!("without a token, changes are taken from this machine only: {remedy}"));
    }
    let headers = request.headers();
    let has = |name: &&str| headers.contains_key(*name);
    let is_foreign_page = OF_BROWSERS.iter().any(has) && !is_own_page(request);
    if is_foreign_page || headers.contains_key(FORWARDED) || OF_PROXIES.iter().any(has) {
        return Err(format!("without a token, changes are not taken from other pages or through proxies: {remedy}"));
    }
    // What proxies speak that were not told otherwise.
    if request.version() < Version::HTTP_11 {
        return Err(format!("without a token, changes are not taken over HTTP/1.0: {remedy}"));
    }
    let mut intents = headers.get_all(INTENT);
    if !(intents.next().is_some_and(|intent| intent == "1") && intents.next().is_none()) {
        return Err(format!("without a token, changes need the header X-Gnomon-Admin: 1; or {remedy}"));
    }
    let mut hosts = headers.get_all(HOST);
    match (hosts.next().map(|host| host.to_str()), hosts.next()) {
        (Some(Ok(host)), None) if is_no_name(host) => Ok(()),
        _ => Err(format!("without a token, ask this listener by its IP address or as localhost; or {remedy}")),
    }
}

/// Whether a browser asks for the page that this listener serves: it says so itself, and names the host it asks as the
/// origin. It leaves the origin out only where nothing is changed.
fn is_own_page(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let only = |name: &str| {
        let mut all = headers.get_all(name);
        all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let is_from_here = only(FETCH_SITE) == Some("same-origin") && !headers.contains_key(REFERER);
    let host = only(HOST.as_str()).unwrap_or_default();
    is_from_here
        && match only(ORIGIN.as_str()) {
            Some(origin) => origin.strip_prefix("http://") == Some(host),
            None => request.method().is_safe() && !headers.contains_key(ORIGIN),
        }
}

/// Whether a host is `localhost` or a literal address: what no resolver can point here.
fn is_no_name(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bracketed {
        Some(inner) => inner.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()),
        None => name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::StatusCode, test::TestRequest};

    use super::*;

    const MEANT: (&str, &str) = ("x-gnomon-admin", "1");
    const TOKEN: &str = "correct-horse-battery";

    fn status(peer: &str, headers: &[(&str, &str)], token: Option<&str>) -> Option<StatusCode> {
        status_over(Version::HTTP_11, peer, headers, token)
    }

    fn status_over(version: Version, peer: &str, headers: &[(&str, &str)], token: Option<&str>) -> Option<StatusCode> {
        let mut request = TestRequest::post().version(version).uri("/__reload").peer_addr(peer.parse().unwrap());
        for &header in headers {
            request = request.append_header(header);
        }
        let token = token.map(|token| AdminToken::new(token).unwrap());
        admin_guard(&request.to_http_request(), token.as_ref()).map(|refusal| refusal.status())
    }

    #[test]
    fn a_program_on_this_machine_may_without_a_token() {
        for peer in ["127.0.0.1:5", "[::1]:5", "[::ffff:127.0.0.1]:5"] {
            for host in ["localhost", "localhost:8090", "127.0.0.1:8090", "[::1]:8090", "10.0.0.1"] {
                assert_eq!(status(peer, &[("host", host), MEANT], None), None, "{peer} {host}");
            }
        }
    }

    #[test]
    fn others_may_not_without_a_token() {
        let host = ("host", "localhost");
        for (peer, headers) in [
            ("10.0.0.7:5", vec![host]),
            ("127.0.0.1:5", vec![]),
            ("127.0.0.1:5", vec![host, host]),
            ("127.0.0.1:5", vec![("host", "gateway.example")]),
            ("127.0.0.1:5", vec![("host", "localhost.example:80")]),
            ("127.0.0.1:5", vec![("host", "127.0.0.1.example")]),
            ("127.0.0.1:5", vec![("host", "localhost:80x")]),
            ("127.0.0.1:5", vec![host, ("origin", "null")]),
            ("127.0.0.1:5", vec![host, ("origin", "http://localhost:8090")]),
            ("127.0.0.1:5", vec![host, ("sec-fetch-site", "same-origin")]),
            ("127.0.0.1:5", vec![host, ("x-forwarded-for", "127.0.0.1")]),
            ("127.0.0.1:5", vec![host, ("forwarded", "for=127.0.0.1")]),
        ] {
            let headers = [headers, vec![MEANT]].concat();
            assert_eq!(status(peer, &headers, None), Some(StatusCode::FORBIDDEN), "{peer} {headers:?}");
        }
    }

    #[test]
    fn the_page_of_this_very_listener_may_without_a_token() {
        let (peer, refused) = ("127.0.0.1:5", Some(StatusCode::FORBIDDEN));
        let here = [("host", "127.0.0.1:8090"), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), MEANT];
        let of = |origin| [&here[..], &[("origin", origin)]].concat();
        assert_eq!(status(peer, &of("http://127.0.0.1:8090"), None), None);
        for origin in ["http://127.0.0.1:8091", "http://localhost:8090", "https://127.0.0.1:8090", "null", ""] {
            assert_eq!(status(peer, &of(origin), None), refused, "{origin}");
        }
        for more in [
            ("origin", "http://127.0.0.1:8090"),
            ("sec-fetch-site", "same-origin"),
            ("referer", "http://127.0.0.1:8090/"),
            ("x-forwarded-for", "127.0.0.1"),
        ] {
            let headers = [&of("http://127.0.0.1:8090")[..], &[more]].concat();
            assert_eq!(status(peer, &headers, None), refused, "{more:?}");
        }
        assert_eq!(status("10.0.0.7:5", &of("http://127.0.0.1:8090"), None), refused);
        for site in ["same-site", "cross-site", "none"] {
            let headers = [("host", "localhost"), ("sec-fetch-site", site), ("origin", "http://localhost"), MEANT];
            assert_eq!(status(peer, &headers, None), refused, "{site}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_that_tells_nothing_is_not_taken_for_a_program() {
        let (peer, host) = ("127.0.0.1:5", ("host", "127.0.0.1:8090"));
        let refused = Some(StatusCode::FORBIDDEN);
        for headers in [vec![host], vec![host, ("x-gnomon-admin", "0")], vec![host, MEANT, MEANT]] {
            assert_eq!(status(peer, &headers, None), refused, "{headers:?}");
        }
        assert_eq!(status_over(Version::HTTP_10, peer, &[host, MEANT], None), refused);
        let shown = ("authorization", format!("Bearer {TOKEN}"));
        assert_eq!(status_over(Version::HTTP_10, peer, &[host, (shown.0, &shown.1)], Some(TOKEN)), None);
    }

    #[test]
    fn with_a_token_only_who_shows_it_may_from_wherever() {
        let shown = |text: &str| status("10.0.0.7:5", &[("host", "x.example"), ("authorization", text)], Some(TOKEN));
        assert_eq!(shown(&format!("Bearer {TOKEN}")), None);
        assert_eq!(shown(&format!("bearer {TOKEN}")), None);
        for wrong in ["", "Bearer", "Bearer ", "Bearer correct-horse-batterz", "Basic correct-horse-battery", TOKEN] {
            assert_eq!(shown(wrong), Some(StatusCode::UNAUTHORIZED), "{wrong}");
        }
        assert_eq!(shown(&format!("Bearer {TOKEN} ")), Some(StatusCode::UNAUTHORIZED));
        assert_eq!(status("127.0.0.1:5", &[("host", "localhost")], Some(TOKEN)), Some(StatusCode::UNAUTHORIZED));
    }
}
