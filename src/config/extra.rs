//! The `extra_config` of one part of the file, kept for the components that read their own settings.

use serde_json::Value;

use super::Node;

/// An `extra_config` with its place in the file.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    value: Value,
    pointer: String,
}

impl Extra {
    /// Keeps what `node` holds.
    #[must_use]
    pub fn of(node: &Node<'_>) -> Self {
        Self { value: node.value().clone(), pointer: node.pointer().to_owned() }
    }

    /// Every component that is named, with what was written for it.
    pub fn components(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// The settings of one component, in whichever spelling its name is written; absent if there are none.
    #[must_use]
    pub fn component(&self, namespace: &str) -> Node<'_> {
        Node::at(&self.value, &self.pointer).namespace(namespace)
    }
}
