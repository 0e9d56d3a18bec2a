//! `security/bot-detector`: turns clients away by their user agent, for the whole service or one endpoint.
//!
//! Promises: empty agents, allowed, denied and patterns are looked at in this order; one bad setting means no detector,
//! as in the original, and fails the check. All patterns are searched in one pass, so that no cache is needed.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, StatusCode, header::USER_AGENT};

use crate::{
    component::{
        Asked, EdgeLayer, Layer, Next, Refusal, Visit,
        pattern::Patterns,
        tables::{Guarded, Place},
    },
    config::{Node, diagnostic::Findings},
};

/// Who counts as a bot.
#[derive(Debug)]
struct BotDetector {
    allowed: HashSet<Vec<u8>>,
    denied: HashSet<Vec<u8>>,
    patterns: Patterns,
    empty_is_bot: bool,
}

/// The layer around the service.
pub fn edge(node: &Node<'_>, findings: &mut Findings) -> Option<Arc<dyn EdgeLayer>> {
    Some(Arc::new(BotDetector::new(node, findings)?))
}

/// The layer before one endpoint.
pub fn guard(node: &Node<'_>, _place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    Some(Arc::new(BotDetector::new(node, findings)?))
}

impl BotDetector {
    fn new(node: &Node<'_>, findings: &mut Findings) -> Option<Self> {
        let mut own = Findings::default();
        let detector = Self::read(node, &mut own);
        if own.is_empty() {
            return detector;
        }
        findings.append_as_mistakes(own);
        findings.mistake(node.pointer(), "so there is no bot detector at all, as in KrakenD");
        None
    }

    fn read(node: &Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.exact_object(findings) {
            return None;
        }
        let mut list = |key: &str| node.field(key).exact_texts(findings).unwrap_or_default();
        let bytes = |list: Vec<String>| list.into_iter().map(String::into_bytes).collect();
        let (allowed, denied) = (bytes(list("allow")), bytes(list("deny")));
        let patterns = list("patterns");
        let cache_size = node.field("cache_size");
        if cache_size.exact_number(findings).is_some_and(|size| size < 0.0 || size.fract() != 0.0) {
            findings.warning(cache_size.pointer(), "the size of the cache is not a whole number from 0");
        }
        let empty_is_bot = node.field("empty_user_agent_is_bot").exact_flag(findings).unwrap_or(false);
        match Patterns::new(&patterns) {
            Ok(patterns) => Some(Self { allowed, denied, patterns, empty_is_bot }),
            Err(error) => {
                findings.warning(node.field("patterns").pointer(), format!("not a regular expression: {error}"));
                None
            }
        }
    }

    fn is_bot(&self, agent: Option<&HeaderValue>) -> bool {
        let agent = agent.map_or(&b""[..], HeaderValue::as_bytes);
        if agent.is_empty() {
            return self.empty_is_bot;
        }
        !self.allowed.contains(agent) && (self.denied.contains(agent) || self.patterns.is_match(agent))
    }

    fn refusal(&self, agent: Option<&HeaderValue>) -> Option<Refusal> {
        if !self.is_bot(agent) {
            return None;
        }
        tracing::error!("[BotDetector] bot rejected");
        Some(Refusal::status(StatusCode::FORBIDDEN))
    }
}

impl EdgeLayer for BotDetector {
    fn before(&self, asked: &Asked<'_>) -> Option<Refusal> {
        self.refusal(asked.headers.first(&USER_AGENT))
    }
}

impl Layer<Visit, Guarded> for BotDetector {
    fn call<'a>(&'a self, visit: Visit, next: Next<'a, Visit, Guarded>) -> LocalBoxFuture<'a, Guarded> {
        match self.refusal(visit.headers.get(&USER_AGENT)) {
            Some(refusal) => Box::pin(std::future::ready(Err(refusal))),
            None => next.run(visit),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Severity;

    fn detector(settings: &serde_json::Value) -> BotDetector {
        BotDetector::new(&Node::root(settings), &mut Findings::default()).unwrap()
    }

    fn agent(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn allowed_agents_pass_whatever_else_says() {
        let detector = detector(&json!({"allow": ["a"], "DENY": ["a", "b"], "patterns": ["c+"]}));
        for (text, is_bot) in [("a", false), ("b", true), ("xccx", true), ("d", false), ("A", false)] {
            assert_eq!(detector.is_bot(Some(&agent(text))), is_bot, "{text}");
        }
    }

    #[test]
    fn an_absent_agent_is_an_empty_one() {
        assert!(detector(&json!({"empty_user_agent_is_bot": true})).is_bot(None));
        assert!(!detector(&json!({"patterns": [".*"]})).is_bot(None));
    }

    #[test]
    fn one_bad_setting_leaves_no_detector_and_fails_the_check() {
        for settings in [
            json!({"patterns": ["(", "a"]}),
            json!({"cache_size": -1}),
            json!({"deny": "a"}),
            json!({"deny": [1]}),
            json!([]),
        ] {
            let mut findings = Findings::default();
            assert!(BotDetector::new(&Node::root(&settings), &mut findings).is_none(), "{settings}");
            let list = findings.into_list();
            assert!(!list.is_empty() && list.iter().all(|finding| finding.severity == Severity::Mistake));
        }
    }
}
