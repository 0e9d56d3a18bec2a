//! A block of expressions, compiled and sorted by what they look at.
//!
//! Promises: an expression that cannot be evaluated counts as false. What the original leaves out without a word is
//! left out here with an error in the findings.

use std::sync::Arc;

use cel::{Context, Env, Program, Value};

use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity},
};

use super::names::undeclared;

/// A variable of an expression.
pub type Variable = (&'static str, Value);

/// The expressions of one block. Each may belong to several phases, as the original sorts them: by the words they hold.
pub struct Rules {
    env: Arc<Env>,
    /// Those that hold `req`.
    pub request: Vec<Arc<Program>>,
    /// Those that hold `resp`.
    pub response: Vec<Arc<Program>>,
    /// Those that hold `JWT`.
    pub token: Vec<Arc<Program>>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (request, response, token) = (self.request.len(), self.response.len(), self.token.len());
        write!(f, "Rules({request} about requests, {response} about responses, {token} about tokens)")
    }
}

impl Rules {
    /// Reads a block; one with an expression that is none has no rules at all, as in the original.
    pub fn of(node: &Node<'_>, findings: &mut Findings) -> Self {
        let mut rules =
            Self { env: Arc::new(Env::stdlib()), request: Vec::new(), response: Vec::new(), token: Vec::new() };
        let Some(texts) = texts(node, findings) else { return rules };
        let mut compiled = Vec::new();
        for (node, text) in texts {
            match rules.env.compile(&text) {
                Ok(program) => compiled.push((node, text, Arc::new(program))),
                Err(error) => {
                    let cause = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                    mistake(
                        &node,
                        format!("no expression of this list is evaluated, as in KrakenD: {cause}"),
                        findings,
                    );
                    return rules;
                }
            }
        }
        for (node, text, program) in compiled {
            rules.sort_in(&node, &text, &program, findings);
        }
        rules
    }

    fn sort_in(&mut self, node: &Node<'_>, text: &str, program: &Arc<Program>, findings: &mut Findings) {
        if let Some(name) = undeclared(program.expression()) {
            return mistake(node, format!("it is NOT evaluated, as in KrakenD: nothing is called {name:?}"), findings);
        }
        let phases = [("req", &mut self.request), ("resp", &mut self.response), ("JWT", &mut self.token)];
        let mut is_sorted = false;
        for (word, programs) in phases {
            if text.contains(word) {
                programs.push(Arc::clone(program));
                is_sorted = true;
            }
        }
        if !is_sorted {
            mistake(node, "it is NOT evaluated, as in KrakenD: it names neither req, resp nor JWT".into(), findings);
        }
    }

    /// The place of the first expression that is not true.
    #[must_use]
    pub fn first_objection(&self, programs: &[Arc<Program>], variables: Vec<Variable>) -> Option<usize> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        for (name, value) in variables {
            context.add_variable_from_value(name, value);
        }
        programs.iter().position(|program| !matches!(program.execute(&context), Ok(Value::Bool(true))))
    }
}

/// The expressions with their places; nothing when the block is not a list of objects with texts.
fn texts<'a>(node: &Node<'a>, findings: &mut Findings) -> Option<Vec<(Node<'a>, String)>> {
    if node.is_absent() {
        return None;
    }
    let text = |node: Node<'a>| {
        let expression = node.field("check_expr");
        let text = expression.value().as_str()?.to_owned();
        Some((expression, text))
    };
    let texts: Option<Vec<_>> =
        if node.value().is_array() { node.elements().into_iter().map(text).collect() } else { None };
    if texts.is_none() {
        let message = "not a list of {\"check_expr\": \"...\"}, so nothing is evaluated, as in KrakenD";
        mistake(node, message.into(), findings);
    }
    texts
}

fn mistake(node: &Node<'_>, message: String, findings: &mut Findings) {
    findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).value(node.value()));
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn rules(block: &serde_json::Value) -> (Rules, usize) {
        let mut findings = Findings::default();
        let rules = Rules::of(&Node::root(block), &mut findings);
        let mistakes = findings.into_list();
        assert!(mistakes.iter().all(|finding| finding.severity == Severity::Mistake));
        (rules, mistakes.len())
    }

    fn sorted(text: &str) -> (usize, usize, usize, usize) {
        let (rules, mistakes) = rules(&json!([{"check_expr": text}]));
        (rules.request.len(), rules.response.len(), rules.token.len(), mistakes)
    }

    /// Whether a request with this header and this parameter passes.
    fn passes(text: &str) -> bool {
        let (rules, mistakes) = rules(&json!([{"Check_Expr": text}]));
        assert_eq!(mistakes, 0, "{text}");
        let headers = HashMap::from([("X-Tag".to_owned(), vec![Value::from("a"), "b".into()])]);
        let params = HashMap::from([("Id".to_owned(), Value::from("42"))]);
        let variables = vec![
            ("req_method", "GET".into()),
            ("req_headers", headers.into()),
            ("req_params", params.into()),
            ("now", "2026-11-24T19:42:40.000Z".into()),
        ];
        rules.first_objection(&rules.request, variables).is_none()
    }

    #[test]
    fn expressions_are_sorted_by_the_words_they_hold() {
        assert_eq!(sorted("req_method == 'GET'"), (1, 0, 0, 0));
        assert_eq!(sorted("resp_data.request_id == 'x'"), (1, 1, 0, 0));
        assert_eq!(sorted("JWT.sub == 'x'"), (0, 0, 1, 0));
    }

    #[test]
    fn what_the_original_leaves_out_is_left_out_and_told() {
        assert_eq!(sorted("timestamp(now).getDayOfWeek() == 0"), (0, 0, 0, 1));
        assert_eq!(sorted("req_nothing == 1"), (0, 0, 0, 1));
        let (broken, mistakes) =
            rules(&json!([{"check_expr": "req_method == 'GET'"}, {"check_expr": "req_method =="}]));
        assert_eq!((broken.request.len(), mistakes), (0, 1));
        for block in [json!({"check_expr": "true"}), json!([{"check_expr": 1}]), json!(["true"])] {
            assert_eq!(rules(&block).1, 1, "{block}");
        }
    }

    #[test]
    fn the_language_of_the_originals_examples_is_understood() {
        for text in [
            "'X-Tag' in req_headers && req_headers['X-Tag'][0] in ['a', 'c']",
            "int(req_params.Id) % 2 == 0",
            "has(req_params.Id) && req_params.Id.matches('^[0-9]+$')",
            "req_method == 'GET' && timestamp(now).getFullYear() > 2000",
            "req_method == 'GET' && timestamp(now).getDayOfWeek() == 2",
            "timestamp(now) - duration('1h') < timestamp(now) && req_method != 'PUT'",
            "req_headers['X-Tag'].exists(tag, tag.startsWith('b'))",
            "req_headers['X-Tag'].all(tag, size(tag) == 1)",
            "req_headers['X-Tag'].filter(tag, tag == 'a').size() == 1",
            "double(req_params.Id) > 1.5 && string(42) == req_params.Id",
        ] {
            assert!(passes(text), "{text}");
        }
    }

    #[test]
    fn what_is_false_no_truth_value_or_an_error_is_an_objection() {
        for text in [
            "req_method == 'PUT'",
            "req_method",
            "req_params.Nope == 'x'",
            "req_params.Id > 1",
            "resp_data == req_method",
        ] {
            assert!(!passes(text), "{text}");
        }
    }

    #[test]
    fn the_first_objection_is_counted_from_0() {
        let (rules, _) = rules(&json!([{"check_expr": "req_method == 'A'"}, {"check_expr": "req_method == 'B'"}]));
        assert_eq!(rules.first_objection(&rules.request, vec![("req_method", "A".into())]), Some(1));
    }

    proptest::proptest! {
        #[test]
        fn no_expression_panics(text: String) {
            let _rules = Rules::of(&Node::root(&json!([{"check_expr": text}])), &mut Findings::default());
        }
    }
}
