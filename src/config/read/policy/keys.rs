//! Keys that no group of a policy has, and groups that are no objects.

use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    known::{self, Scope},
    unknown,
};

/// The groups whose keys are decided one by one.
const GROUPS: [(&str, Scope); 8] = [
    ("sample", Scope::PolicySample),
    ("match", Scope::PolicyMatch),
    ("limits", Scope::PolicyLimits),
    ("body", Scope::PolicyBody),
    ("headers", Scope::PolicyHeaders),
    ("network", Scope::PolicyNetwork),
    ("loop", Scope::PolicyLoop),
    ("store", Scope::PolicyStore),
];

/// Those that may be `"off"` instead.
const SWITCHES: [(&str, Scope); 3] =
    [("breaker", Scope::PolicyBreaker), ("compare", Scope::PolicyCompare), ("stop_on", Scope::PolicyStop)];

/// The objects in `compare` whose members are named by paths.
const BY_PATH: [(&str, Scope); 3] =
    [("arrays", Scope::PolicyArrays), ("numbers", Scope::PolicyNumbers), ("times", Scope::PolicyTimes)];

/// Whether an object has anything of a policy in it.
pub(super) fn any(node: &Node<'_>) -> bool {
    node.members().any(|(key, member)| !member.is_absent() && known::find(Scope::Policy, key).is_some())
}

/// Reports what is wrong in the groups; the keys beside them are not looked at.
pub(super) fn check_groups(node: &Node<'_>, findings: &mut Findings) {
    for (key, scope) in GROUPS {
        let group = node.member(key);
        if group.strict_object(findings) {
            unknown::refuse(&group, scope, findings);
        }
    }
    for (key, scope) in SWITCHES {
        check_switch(&node.member(key), scope, findings);
    }
    check_compare(&node.member("compare"), findings);
    // Of these each is one value: what is no object has its own error where it is read.
    unknown::refuse(&node.member("dispatch"), Scope::PolicyDispatch, findings);
    unknown::refuse(&node.member("headers").member("mark"), Scope::PolicyMarks, findings);
    unknown::refuse(&node.member("ramp"), Scope::PolicyRamp, findings);
    for step in node.member("ramp").member("steps").elements() {
        unknown::refuse(&step, Scope::PolicyStep, findings);
    }
    for peer in node.member("loop").member("trusted_marks").elements() {
        unknown::refuse(&peer, Scope::PolicyPeer, findings);
    }
}

/// A group that may be `"off"` instead.
fn check_switch(node: &Node<'_>, scope: Scope, findings: &mut Findings) {
    if node.value().is_object() {
        unknown::refuse(node, scope, findings);
    } else if !node.is_absent() && !node.is_off() {
        let message = format!("{} is neither \"off\" nor an object", brief(node.value()));
        node.refuse(findings, message, "write \"off\", or leave it out for the default");
    }
}

fn check_compare(node: &Node<'_>, findings: &mut Findings) {
    check_switch(&node.member("baseline"), Scope::PolicyBaseline, findings);
    let text = node.member("text");
    if text.strict_object(findings) {
        unknown::refuse(&text, Scope::PolicyText, findings);
    }
    for (key, scope) in BY_PATH {
        for (_, rule) in node.member(key).members() {
            unknown::refuse(&rule, scope, findings);
        }
    }
}
