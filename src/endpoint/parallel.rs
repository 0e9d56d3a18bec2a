//! Answers of several backends, taken as they come, until all are there or the time is over.

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use crate::model::{Failure, Kind, Reply};

use super::{
    dispatch::{LiveAnswer, reply_of},
    merge::Merge,
};

/// Merges the answers in the order they come. Those that are late count as timed out, and their calls are cancelled.
pub(super) async fn collect(answers: Vec<LiveAnswer>, deadline: Instant) -> Reply {
    let mut merge = Merge::new(answers.len());
    let mut pending: FuturesUnordered<LiveAnswer> = answers.into_iter().collect();
    let all = async {
        while let Some(answer) = pending.next().await {
            let outcome = answer.unwrap_or_else(|_broken| Err(Failure::new(Kind::Panic, "internal server error")));
            merge.add(reply_of(outcome));
        }
    };
    if timeout_at(deadline, all).await.is_err() {
        for _late in 0..pending.len() {
            merge.add(Reply::failed(Failure::timeout()));
        }
    }
    merge.finish()
}
