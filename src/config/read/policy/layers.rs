//! What several places say about the same shadow, as if it were one object.
//!
//! Promises: the nearest place that has a key decides it; a value that is no group is never mixed with another.

use crate::config::Node;

/// The same object of several places, the nearest to the shadow first; at least one.
#[derive(Clone, Debug)]
pub(super) struct Layers<'a> {
    nearest: Node<'a>,
    others: Vec<Node<'a>>,
}

impl<'a> Layers<'a> {
    /// One place alone.
    pub(super) fn alone(node: Node<'a>) -> Self {
        Self { nearest: node, others: Vec::new() }
    }

    /// A place and those whose defaults it takes over, in this order.
    pub(super) fn of(nearest: Node<'a>, others: Vec<Node<'a>>) -> Self {
        Self { nearest, others }
    }

    fn all(&self) -> impl Iterator<Item = &Node<'a>> {
        std::iter::once(&self.nearest).chain(&self.others)
    }

    /// The value of a key where it is nearest; absent if no place has it.
    pub(super) fn key(&self, key: &str) -> Node<'a> {
        let found = self.all().map(|node| node.member(key)).find(|node| !node.is_absent());
        found.unwrap_or_else(|| self.nearest.member(key))
    }

    /// The groups of that name, whose keys are decided one by one. A nearer `"off"` hides the farther ones.
    pub(super) fn group(&self, key: &str) -> Self {
        let others = self.others.iter().map(|node| node.member(key));
        let (nearest, is_off) = (self.nearest.member(key), self.nearest.member(key).is_off());
        Self { nearest, others: others.take_while(|node| !is_off && !node.is_off()).collect() }
    }
}
