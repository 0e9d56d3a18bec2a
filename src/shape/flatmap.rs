//! `flatmap_filter`: moves, removals and joins on a tree whose list elements are children named `0`, `1`, ….
//!
//! Promises: the quirks of the original, on purpose: a parent that loses its last child becomes null, a move between
//! paths of one length renames the last name only, and a list keeps the names its elements had while the operations
//! run. A node is opened when a path goes through it; recursion goes as deep as a path, never as deep as the data.

use std::collections::BTreeMap;

use super::Op;
use crate::model::{Data, DataKind};

const WILDCARD: &str = "*";

/// The compiled operations.
#[derive(Clone, Debug)]
pub(super) struct Flatmap(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Delete(Vec<Path>),
    Move(Path, Path),
    Append(Path, Path),
}

/// The names of a dotted path; never empty.
type Path = Vec<String>;

/// A value and, once it is opened, its children.
#[derive(Debug)]
struct Node {
    /// The value while there are no children. An opened container whose children are gone is null.
    value: Data,
    is_list: bool,
    edges: Vec<Edge>,
}

#[derive(Debug)]
struct Edge {
    label: String,
    node: Node,
}

/// Where a node is: the labels on the way to it, and the indices of its edges.
#[derive(Clone, Debug, Default)]
struct Place {
    labels: Vec<String>,
    indices: Vec<usize>,
}

impl Flatmap {
    /// The operations, unless there are none at all. Those of unknown kind or without their paths are kept out.
    pub(super) fn new(ops: &[Op]) -> Option<Self> {
        (!ops.is_empty()).then(|| Self(ops.iter().filter_map(step).collect()))
    }

    pub(super) fn apply(&self, data: Data) -> Data {
        if data.is_null() {
            return data;
        }
        let mut root = Node::new(data);
        for step in &self.0 {
            match step {
                Step::Delete(paths) => paths.iter().for_each(|path| root.delete(path)),
                Step::Move(from, to) => root.relocate(from, to),
                Step::Append(from, to) => root.append(from, to),
            }
        }
        let data = root.into_data();
        if data.kind() == DataKind::Object { data } else { Data::Null }
    }
}

fn step(op: &Op) -> Option<Step> {
    let mut paths = op.args.iter().map(|arg| arg.split('.').map(str::to_owned).collect::<Path>());
    match op.kind.as_str() {
        "del" => Some(Step::Delete(paths.collect())),
        // Without two paths there is nothing to do; the file's reader has warned of it.
        "move" => Some(Step::Move(paths.next()?, paths.next()?)),
        "append" => Some(Step::Append(paths.next()?, paths.next()?)),
        _ => None,
    }
}

impl Node {
    fn new(value: Data) -> Self {
        Self { value, is_list: false, edges: Vec::new() }
    }

    /// The children, opening the value if it has any.
    fn edges(&mut self) -> &mut Vec<Edge> {
        if self.edges.is_empty() {
            match self.value.kind() {
                DataKind::Array => self.open_list(),
                DataKind::Object => self.open_object(),
                _ => {}
            }
        }
        &mut self.edges
    }

    fn open_list(&mut self) {
        self.is_list = true;
        let elements = self.value.as_array_mut().map(std::mem::take).unwrap_or_default();
        let edge = |(index, value): (usize, Data)| Edge { label: index.to_string(), node: Self::new(value) };
        self.edges = elements.into_iter().enumerate().map(edge).collect();
        self.forget_value();
    }

    fn open_object(&mut self) {
        let members = self.value.as_object_mut().map(std::mem::take).unwrap_or_default();
        self.edges = members.into_iter().map(|(label, value)| Edge { label, node: Self::new(value) }).collect();
        self.forget_value();
    }

    /// An empty container stays what it is; one with children is those, and nothing without them.
    fn forget_value(&mut self) {
        if !self.edges.is_empty() {
            self.value = Data::Null;
        }
    }

    fn child(&mut self, label: &str) -> Option<&mut Self> {
        self.edges().iter_mut().find(|edge| edge.label == label).map(|edge| &mut edge.node)
    }

    fn child_or_new(&mut self, label: &str) -> &mut Self {
        let edges = self.edges();
        let index = edges.iter().position(|edge| edge.label == label).unwrap_or(edges.len());
        if index == edges.len() {
            edges.push(Edge { label: label.to_owned(), node: Self::new(Data::Null) });
        }
        &mut edges.get_mut(index).expect("it was found or has just been added").node
    }

    fn at(&mut self, place: &Place) -> Option<&mut Self> {
        let mut node = self;
        for index in &place.indices {
            node = &mut node.edges.get_mut(*index)?.node;
        }
        Some(node)
    }

    /// The value with its children; of several with one label the last stays.
    fn into_data(self) -> Data {
        if self.edges.is_empty() {
            return self.value;
        }
        let children = self.edges.into_iter().map(|edge| (edge.label, edge.node.into_data()));
        if self.is_list {
            return Data::Array(children.map(|(_, value)| value).collect());
        }
        Data::Object(children.collect::<BTreeMap<_, _>>())
    }

    fn delete(&mut self, path: &[String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let edges = self.edges();
        match (first == WILDCARD, rest.is_empty()) {
            (true, true) => edges.clear(),
            (true, false) => edges.iter_mut().for_each(|edge| edge.node.delete(rest)),
            (false, true) => {
                take(edges, first);
            }
            (false, false) => {
                if let Some(child) = self.child(first) {
                    child.delete(rest);
                }
            }
        }
    }

    /// `move`: by the lengths of the paths a new name, a promotion or an embedding.
    fn relocate(&mut self, from: &[String], to: &[String]) {
        let (Some((label, parents)), Some((new_label, _))) = (from.split_last(), to.split_last()) else { return };
        let places = self.places(parents);
        if from.len() == to.len() {
            for place in &places {
                self.relabel(place, label, new_label);
            }
            return;
        }
        let taken: Vec<(Place, Node)> = places
            .into_iter()
            .filter_map(|place| {
                let edge = take(self.at(&place)?.edges(), label)?;
                Some((place, edge.node))
            })
            .collect();
        for (place, node) in taken {
            if from.len() > to.len() {
                self.promote(&place, node, to);
            } else {
                self.embed(&place, node, to.get(parents.len()..).unwrap_or_default());
            }
        }
    }

    fn relabel(&mut self, place: &Place, label: &str, new_label: &str) {
        let edge = self.at(place).and_then(|node| node.edges().iter_mut().find(|edge| edge.label == label));
        if let Some(edge) = edge {
            new_label.clone_into(&mut edge.label);
        }
    }

    /// Attaches `node` at `to`, or as deep on the way there as there are nodes. A wildcard is the label that the
    /// node had at that level.
    fn promote(&mut self, place: &Place, node: Self, to: &[String]) {
        let Some((label, way)) = to.split_last() else { return };
        let names = way.iter().enumerate().map(|(level, name)| match place.labels.get(level) {
            Some(label) if name == WILDCARD => label,
            _ => name,
        });
        let mut depth = Place::default();
        for name in names {
            let Some(parent) = self.at(&depth) else { break };
            let Some(index) = parent.edges().iter().position(|edge| edge.label == *name) else { break };
            depth.indices.push(index);
        }
        if let Some(parent) = self.at(&depth) {
            parent.edges().push(Edge { label: label.clone(), node });
        }
    }

    /// Attaches `node` below its former parent, making what is missing on the way.
    fn embed(&mut self, place: &Place, node: Self, to: &[String]) {
        let Some((label, way)) = to.split_last() else { return };
        let Some(mut parent) = self.at(place) else { return };
        for name in way {
            parent = parent.child_or_new(name);
        }
        parent.edges().push(Edge { label: label.clone(), node });
    }

    /// The nodes that a path leads to.
    fn places(&mut self, path: &[String]) -> Vec<Place> {
        let mut places = vec![Place::default()];
        for name in path {
            let mut next = Vec::new();
            for place in &places {
                let Some(node) = self.at(place) else { continue };
                let edges = node.edges().iter().enumerate();
                let wanted = if name == WILDCARD { usize::MAX } else { 1 };
                let matching = edges.filter(|(_, edge)| name == WILDCARD || edge.label == *name).take(wanted);
                next.extend(matching.map(|(index, edge)| place.below(index, &edge.label)));
            }
            places = next;
        }
        places
    }

    /// The value at a path; with a wildcard a list of what is found below each child.
    fn find(&mut self, path: &[String]) -> Option<Data> {
        let Some((first, rest)) = path.split_first() else { return Some(self.snapshot()) };
        if self.edges().is_empty() {
            return None;
        }
        if first != WILDCARD {
            return self.child(first)?.find(rest);
        }
        let found = self.edges().iter_mut().map(|edge| edge.node.find(rest).unwrap_or(Data::Null));
        Some(Data::Array(found.collect()))
    }

    /// A copy of the value; parts that were never opened are shared.
    fn snapshot(&self) -> Data {
        if self.edges.is_empty() {
            return self.value.clone();
        }
        if self.is_list {
            return Data::Array(self.edges.iter().map(|edge| edge.node.snapshot()).collect());
        }
        Data::Object(self.edges.iter().map(|edge| (edge.label.clone(), edge.node.snapshot())).collect())
    }

    /// `append`: the list at `to` gets the elements of the list at `from`, which is removed. Through a wildcard the
    /// list of lists that `to` means becomes a child of that very name, as in the original.
    fn append(&mut self, from: &[String], to: &[String]) {
        let Some(more) = self.find(from).and_then(into_elements) else { return };
        let Some(mut held) = self.find(to).and_then(into_elements) else { return };
        let mut target = &mut *self;
        for name in to {
            target = target.child_or_new(name);
        }
        if to.iter().any(|name| name == WILDCARD) {
            held.extend(more);
            *target = Self::new(Data::Array(held));
        } else {
            let edges = target.edges();
            for element in more {
                edges.push(Edge { label: edges.len().to_string(), node: Self::new(element) });
            }
        }
        self.delete(from);
    }
}

impl Place {
    fn below(&self, index: usize, label: &str) -> Self {
        let mut below = self.clone();
        below.indices.push(index);
        below.labels.push(label.to_owned());
        below
    }
}

/// Removes the first edge of this label.
fn take(edges: &mut Vec<Edge>, label: &str) -> Option<Edge> {
    let index = edges.iter().position(|edge| edge.label == label)?;
    Some(edges.remove(index))
}

fn into_elements(mut data: Data) -> Option<Vec<Data>> {
    data.as_array_mut().map(std::mem::take)
}
