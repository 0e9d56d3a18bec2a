//! Allow and deny lists: trees of dotted paths that are laid over an object.
//!
//! Recursion goes as deep as the longest path of the list, never as deep as the data.

use std::collections::BTreeMap;

use crate::model::data::Object;

/// What a list says about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Branch {
    /// The list ends here: everything below is meant.
    Whole,
    /// The list goes on below.
    Below(Names),
}

/// Which of two paths counts when a longer one is added to a list that has its beginning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nested {
    Longer,
    Shorter,
}

/// The names of one level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names(BTreeMap<String, Branch>);

/// Which members stay.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// Only those listed.
    Allow(AllowList),
    /// Those not listed.
    Deny(DenyList),
}

/// The members to keep.
#[derive(Clone, Debug)]
pub(super) struct AllowList(Names);

/// The members to remove.
#[derive(Clone, Debug)]
pub(super) struct DenyList(Names);

impl Filter {
    /// The filter that these lists make, if they make any; with both, the allow list counts.
    pub(super) fn new(allow: &[String], deny: &[String]) -> Option<Self> {
        if !allow.is_empty() {
            return Some(Self::Allow(AllowList::new(allow)));
        }
        (!deny.is_empty()).then(|| Self::Deny(DenyList::new(deny)))
    }

    pub(super) fn apply(&self, members: &mut Object) {
        match self {
            Self::Allow(AllowList(names)) => names.keep(members),
            Self::Deny(DenyList(names)) => names.remove(members),
        }
    }
}

impl AllowList {
    /// Of two paths where one contains the other, the later in the list counts, as in the original.
    fn new(paths: &[String]) -> Self {
        let mut names = Names::default();
        for path in paths {
            names.insert(path, Nested::Longer);
        }
        Self(names)
    }
}

impl DenyList {
    /// Of two paths where one contains the other, the shorter removes both.
    fn new(paths: &[String]) -> Self {
        let mut names = Names::default();
        for path in paths {
            names.insert(path, Nested::Shorter);
        }
        Self(names)
    }
}

impl Names {
    /// Adds a path; `counts` says which of two counts where a shorter one stands already.
    fn insert(&mut self, path: &str, counts: Nested) {
        let mut level = self;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                level.0.insert(name.to_owned(), Branch::Whole);
                return;
            }
            let branch = level.0.entry(name.to_owned()).or_insert_with(|| Branch::Below(Self::default()));
            if *branch == Branch::Whole && counts == Nested::Longer {
                *branch = Branch::Below(Self::default());
            }
            let Branch::Below(below) = branch else { return };
            level = below;
        }
    }

    /// Removes what is not listed, and parents that nothing is left of.
    fn keep(&self, members: &mut Object) {
        members.retain(|name, value| match self.0.get(name) {
            None => false,
            Some(Branch::Whole) => true,
            Some(Branch::Below(names)) => value.as_object_mut().is_some_and(|members| {
                names.keep(members);
                !members.is_empty()
            }),
        });
    }

    /// Removes what is listed; objects that nothing is left of stay, empty.
    fn remove(&self, members: &mut Object) {
        for (name, branch) in &self.0 {
            match branch {
                Branch::Whole => {
                    members.remove(name);
                }
                Branch::Below(names) => {
                    if let Some(members) = members.get_mut(name).and_then(|value| value.as_object_mut()) {
                        names.remove(members);
                    }
                }
            }
        }
    }
}
