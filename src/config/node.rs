//! A value of the file together with its JSON pointer, so that every finding can say where.
//!
//! Promises: a missing member is a node too (absent, with the pointer it would have); `null` is the same as missing.

use serde_json::Value;

use super::legacy;

static ABSENT: Value = Value::Null;

/// One place in the document.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Node<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new() }
    }

    /// A value that stands at `pointer`.
    #[must_use]
    pub fn at(value: &'a Value, pointer: &str) -> Self {
        Self { value, pointer: pointer.to_owned() }
    }

    /// The value there; `null` when it is absent.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Where, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether there is nothing (or `null`).
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.value.is_null()
    }

    /// The member `key` of a structure: an exact match first, else one that differs in letter case only.
    #[must_use]
    pub fn field(&self, key: &str) -> Node<'a> {
        let exact = self.member(key);
        if !exact.is_absent() {
            return exact;
        }
        let other = self.value.as_object().and_then(|members| {
            members.iter().find(|(name, value)| name.eq_ignore_ascii_case(key) && !value.is_null())
        });
        other.map_or(exact, |(name, value)| Node { value, pointer: child(&self.pointer, name) })
    }

    /// The member `key`, spelled exactly so, as components read their keys.
    #[must_use]
    pub fn member(&self, key: &str) -> Node<'a> {
        Node { value: self.value.get(key).unwrap_or(&ABSENT), pointer: child(&self.pointer, key) }
    }

    /// The component `short` of an `extra_config`, in whichever spelling it is written; the short one wins.
    #[must_use]
    pub fn namespace(&self, short: &str) -> Node<'a> {
        let node = self.member(short);
        if !node.is_absent() {
            return node;
        }
        let aliased = legacy::aliases(short).map(|long| self.member(long)).find(|node| !node.is_absent());
        aliased.unwrap_or(node)
    }

    /// The elements of a list, a lone value counting as a list of one; nothing when absent or an empty object.
    #[must_use]
    pub fn elements(&self) -> Vec<Node<'a>> {
        match self.value {
            Value::Null => Vec::new(),
            Value::Array(list) => {
                let place = |(index, value)| Node { value, pointer: format!("{}/{index}", self.pointer) };
                list.iter().enumerate().map(place).collect()
            }
            Value::Object(members) if members.is_empty() => Vec::new(),
            _ => vec![self.clone()],
        }
    }

    /// The members of an object in key order; nothing for any other value.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let pointer = self.pointer.clone();
        let members = self.value.as_object().into_iter().flatten();
        members.map(move |(name, value)| (name.as_str(), Node { value, pointer: child(&pointer, name) }))
    }
}

/// The pointer of a member, with `~` and `/` of its name escaped.
#[must_use]
pub fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Node;

    #[test]
    fn fields_match_exactly_first_and_then_in_any_case() {
        let value = json!({"Port": 1, "port": 2, "NAME": "x", "empty": null});
        let root = Node::root(&value);
        assert_eq!(root.field("port").value(), &json!(2));
        assert_eq!(root.field("name").pointer(), "/NAME");
        assert!(root.field("empty").is_absent());
        assert!(root.member("name").is_absent());
    }

    #[test]
    fn the_short_spelling_of_a_component_wins() {
        let value = json!({"proxy": {"a": 1}, "github.com/devopsfaith/krakend/proxy": {"a": 2}});
        assert_eq!(Node::root(&value).namespace("proxy").pointer(), "/proxy");
        let value = json!({"github.com/devopsfaith/krakend/proxy": {"a": 2}});
        assert_eq!(Node::root(&value).namespace("proxy").pointer(), "/github.com~1devopsfaith~1krakend~1proxy");
    }
}
