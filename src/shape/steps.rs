//! The steps from a decoded answer to what its endpoint sees of it, in KrakenD's order.
//!
//! Runs once per answer; an answer without rules passes untouched.

use super::{filter::Filter, flatmap::Flatmap};
use crate::model::{Data, DataKind, data::Object};

/// What a backend's configuration says about the shape of its answers.
#[derive(Clone, Debug, Default)]
pub struct ShapeSpec {
    /// `target`, a dotted path; empty if none.
    pub target: String,
    /// `allow`, dotted paths.
    pub allow: Vec<String>,
    /// `deny`, dotted paths; ignored when `allow` has any.
    pub deny: Vec<String>,
    /// `mapping`, old name to new name, applied in this order.
    pub mapping: Vec<(String, String)>,
    /// `group`; empty if none.
    pub group: String,
    /// `flatmap_filter`; takes the place of `allow`, `deny` and `mapping` when it has any operation.
    pub flatmap: Vec<Op>,
}

/// One `flatmap_filter` operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// `del`, `move` or `append`; others are ignored.
    pub kind: String,
    /// Its dotted paths.
    pub args: Vec<String>,
}

/// The compiled rules of one backend.
#[derive(Clone, Debug)]
pub struct Shape {
    target: Vec<String>,
    middle: Middle,
    group: Option<String>,
}

/// What happens between target and group.
#[derive(Clone, Debug)]
enum Middle {
    /// Members are filtered, then renamed.
    Members { filter: Option<Filter>, mapping: Vec<(String, String)> },
    /// `flatmap_filter` takes the place of both.
    Flatmap(Flatmap),
}

impl Shape {
    /// Compiles the rules.
    #[must_use]
    pub fn new(spec: ShapeSpec) -> Self {
        let ShapeSpec { target, allow, deny, mapping, group, flatmap } = spec;
        let target = if target.is_empty() { Vec::new() } else { target.split('.').map(str::to_owned).collect() };
        let middle = match Flatmap::new(&flatmap) {
            Some(flatmap) => Middle::Flatmap(flatmap),
            None => {
                let mapping = mapping.into_iter().map(|(old, new)| (old, first_name(&new))).collect();
                Middle::Members { filter: Filter::new(&allow, &deny), mapping }
            }
        };
        Self { target, middle, group: (!group.is_empty()).then_some(group) }
    }

    /// Whether nothing is ever changed.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        let middle = matches!(&self.middle, Middle::Members { filter: None, mapping } if mapping.is_empty());
        self.target.is_empty() && self.group.is_none() && middle
    }

    /// Shapes one answer. Null stays null, unless a target or a group is asked for.
    #[must_use]
    pub fn apply(&self, data: Data) -> Data {
        let mut data = descend(data, &self.target);
        match &self.middle {
            Middle::Members { filter, mapping } => {
                if filter.is_some() || !mapping.is_empty() {
                    reshape(&mut data, filter.as_ref(), mapping);
                }
            }
            Middle::Flatmap(flatmap) => data = flatmap.apply(data),
        }
        match &self.group {
            Some(group) => Data::wrap(group, data),
            None => data,
        }
    }
}

/// The part before the first dot: KrakenD cuts new names there.
fn first_name(path: &str) -> String {
    path.split('.').next().unwrap_or_default().to_owned()
}

/// The object at the end of a path; an empty one if the path leads to anything else.
fn descend(mut data: Data, path: &[String]) -> Data {
    for name in path {
        let below = data.get(name).map(std::borrow::Cow::into_owned);
        match below {
            Some(below) if below.kind() == DataKind::Object => data = below,
            _ => return Data::empty_object(),
        }
    }
    data
}

fn reshape(data: &mut Data, filter: Option<&Filter>, mapping: &[(String, String)]) {
    let Some(members) = data.as_object_mut() else { return };
    if let Some(filter) = filter {
        filter.apply(members);
    }
    rename(members, mapping);
}

fn rename(members: &mut Object, mapping: &[(String, String)]) {
    for (old, new) in mapping {
        if old == new {
            // KrakenD sets the new name and then deletes the old one: a name mapped to itself is gone.
            members.remove(old);
        } else if let Some(value) = members.remove(old) {
            members.insert(new.clone(), value);
        }
    }
}
