//! Keys that no group of a policy has, and groups that are no objects.

use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    known::{self, Scope},
    unknown,
};

/// The groups whose keys are decided one by one.
const GROUPS: [(&str, Scope); 7] = [
    ("sample", Scope::PolicySample),
    ("match", Scope::PolicyMatch),
    ("limits", Scope::PolicyLimits),
    ("body", Scope::PolicyBody),
    ("headers", Scope::PolicyHeaders),
    ("network", Scope::PolicyNetwork),
    ("loop", Scope::PolicyLoop),
];

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
    let breaker = node.member("breaker");
    if breaker.value().is_object() {
        unknown::refuse(&breaker, Scope::PolicyBreaker, findings);
    } else if !breaker.is_absent() && !breaker.is_off() {
        let message = format!("{} is neither \"off\" nor an object", brief(breaker.value()));
        breaker.refuse(findings, message, "write \"off\", or leave it out for the default");
    }
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
