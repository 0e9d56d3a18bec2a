//! What rules lead to, told to whom it concerns.

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
    /// `stop` or `log` for a broken rule, `held` or `advanced` for a ramp.
    pub action: &'static str,
    /// The rule that was broken; null when a ramp moved.
    pub breach: Option<Breach>,
    /// The same in words.
    pub why: String,
}

impl Decision {
    /// What became of a broken rule at a moment.
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
            breach: Some(breach),
            why: breach.to_string(),
        }
    }

    /// What became of a ramp at a moment: its next step has come, or is held back.
    #[must_use]
    pub fn of_ramp(split: &str, variant: &str, is_up: bool, why: String, at: SystemTime) -> Self {
        let action = if is_up { "advanced" } else { "held" };
        Self { at: text_of(at), split: split.to_owned(), variant: variant.to_owned(), action, breach: None, why }
    }

    /// Tells it to the log, and to the webhook if there is one: the one place where decisions leave.
    pub fn announce(&self, webhook: Option<&str>, post: &Post) {
        let Self { split, variant, why, .. } = self;
        match self.action {
            "stop" => tracing::warn!("split {split}: {variant} is stopped: {why}"),
            "log" => tracing::warn!("split {split}: {variant} would be stopped: {why}"),
            "held" => tracing::warn!("split {split}: {variant}: {why}"),
            _ => tracing::info!("split {split}: {variant}: {why}"),
        }
        if let Some(url) = webhook {
            let body = serde_json::to_vec(self).expect("a decision has no maps with keys that are no text");
            post.leave(url.to_owned(), body);
        }
    }
}
