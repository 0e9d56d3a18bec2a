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

/// A variable of an expression.
pub type Variable = (&'static str, Value);

/// Everything an expression may name.
const VARIABLES: [&str; 11] = [
    "req_method",
    "req_path",
    "req_params",
    "req_headers",
    "req_querystring",
    "resp_completed",
    "resp_metadata_status",
    "resp_metadata_headers",
    "resp_data",
    "JWT",
    "now",
];

/// Types, which expressions name like variables.
const TYPES: [&str; 12] =
    ["bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp", "uint"];

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
        if let Some(name) = undeclared(program) {
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

/// A name that nothing has. Variables of macros are declared where they are used, and are not listed.
fn undeclared(program: &Program) -> Option<String> {
    let references = program.references();
    let names = references.variables();
    let unknown = |name: &&&str| !VARIABLES.contains(name) && !TYPES.contains(name) && !name.starts_with('@');
    let declared = declared_by_macros(&format!("{:?}", program.expression()));
    names.iter().filter(unknown).find(|name| !declared.iter().any(|held| held == **name)).map(|name| (*name).to_owned())
}

/// The variables of comprehensions, which is what macros become.
fn declared_by_macros(expression: &str) -> Vec<String> {
    let names = ["iter_var: \"", "accu_var: \"", "iter_var2: Some(\""];
    let after = names.iter().flat_map(|word| expression.split(word).skip(1));
    after.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

fn mistake(node: &Node<'_>, message: String, findings: &mut Findings) {
    findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).value(node.value()));
}
