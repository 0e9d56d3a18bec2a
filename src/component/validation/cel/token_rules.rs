//! The expressions about a token, which its validator evaluates.

use cel::Value;
use serde_json::Map;

use crate::config::{Node, diagnostic::Findings};

use super::{Rules, variables};

/// What a token must make true.
#[derive(Debug)]
pub struct TokenRules(Rules);

impl TokenRules {
    /// Reads the block of an endpoint. What is wrong with it is told by its other reader.
    pub fn of(node: &Node<'_>, _findings: &mut Findings) -> Self {
        Self(Rules::of(node, &mut Findings::default()))
    }

    /// Whether all of it is true of these claims.
    #[must_use]
    pub fn allow(&self, claims: &Map<String, serde_json::Value>) -> bool {
        if self.0.token.is_empty() {
            return true;
        }
        let members = claims.iter().map(|(name, claim)| (name.clone(), variables::of_claim(claim)));
        let claims: std::collections::HashMap<String, Value> = members.collect();
        self.0.first_objection(&self.0.token, vec![("JWT", claims.into()), variables::now()]).is_none()
    }
}
