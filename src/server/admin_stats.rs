//! `/__stats` of the admin listener, and how a text that may be long is handed out.
//!
//! Promises: a long text goes out in pieces, each made or given up as the reader takes them, so that reading the figures
//! of ten thousand endpoints leaves nothing behind; a short one has a length.

use std::convert::Infallible;

use actix::Addr;
use actix_web::{
    HttpResponse,
    http::header::CONTENT_TYPE,
    web::{Bytes, Data, Query},
};
use futures_util::stream;
use serde::Deserialize;

use crate::stats::{Read, StatsActor, pieces::Pieces};

use super::admin::unavailable;

/// What `/__stats` may be asked for: by default everything.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// Only endpoints that are called so, or have a backend that is.
    #[serde(default)]
    find: String,
    /// No more endpoints than this.
    limit: Option<usize>,
}

/// Shows them.
pub(super) async fn stats(stats: Data<Addr<StatsActor>>, wanted: Query<Wanted>) -> HttpResponse {
    let Ok(snapshot) = stats.send(Read).await else { return unavailable() };
    in_pieces("application/json", Pieces::new(snapshot, &wanted.find, wanted.limit.unwrap_or(usize::MAX)))
}

/// An answer whose body are these pieces; one that is alone has its length told.
pub(super) fn in_pieces<Piece: Into<Bytes> + 'static>(
    kind: &'static str,
    pieces: impl IntoIterator<Item = Piece, IntoIter: 'static>,
) -> HttpResponse {
    let mut pieces = pieces.into_iter().map(Into::<Bytes>::into);
    let (first, second) = (pieces.next().unwrap_or_default(), pieces.next());
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, kind));
    match second {
        None => answer.body(first),
        Some(second) => {
            let all = [first, second].into_iter().chain(pieces);
            answer.streaming(stream::iter(all.map(Ok::<_, Infallible>)))
        }
    }
}
