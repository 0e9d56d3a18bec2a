//! What a broken rule leads to, told to whom it concerns.

use std::time::SystemTime;

use serde::Serialize;

use crate::{
    config::SplitAction,
    control::{Post, audit::text_of},
    split::Breach,
};

/// A decision that was made without anybody asking for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// When, as RFC 3339 writes it.
    pub at: String,
    /// By which the split is addressed.
    pub split: String,
    /// The variant that it is about.
    pub variant: String,
    /// `stop` or `log`.
    pub action: &'static str,
    /// The rule that was broken.
    pub breach: Breach,
    /// The same in words.
    pub why: String,
}

impl Decision {
    /// The decision at a moment.
    #[must_use]
    pub fn new(split: &str, variant: &str, action: SplitAction, breach: Breach, at: SystemTime) -> Self {
        Self {
            at: text_of(at),
            split: split.to_owned(),
            variant: variant.to_owned(),
            action: match action {
                SplitAction::Stop => "stop",
                SplitAction::Log => "log",
            },
            breach,
            why: breach.to_string(),
        }
    }

    /// Tells it to the log, and to the webhook if there is one: the one place where decisions leave.
    pub fn announce(&self, webhook: Option<&str>, post: &Post) {
        let done = if self.action == "stop" { "is stopped" } else { "would be stopped" };
        tracing::warn!("split {}: {} {done}: {}", self.split, self.variant, self.why);
        if let Some(url) = webhook {
            let body = serde_json::to_vec(self).expect("a decision has no maps with keys that are no text");
            post.leave(url.to_owned(), body);
        }
    }
}
