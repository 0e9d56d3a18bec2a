//! The names in an expression: the original leaves out one that names what is not there, so it has to be known.

use cel::{
    IdedExpr,
    common::ast::{EntryExpr, Expr, IdedEntryExpr},
};

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

/// The first name that nothing has.
#[must_use]
pub fn undeclared(expression: &IdedExpr) -> Option<&str> {
    search(expression, &[])
}

/// `bound` are the variables of the macros around the expression.
fn search<'a>(expression: &'a IdedExpr, bound: &[&'a str]) -> Option<&'a str> {
    match &expression.expr {
        Expr::Ident(name) => {
            let is_known = [&VARIABLES[..], &TYPES[..], bound].iter().any(|names| names.contains(&name.as_str()));
            (!is_known).then_some(name)
        }
        Expr::Unspecified | Expr::Literal(_) => None,
        Expr::Select(select) => search(&select.operand, bound),
        Expr::List(list) => list.elements.iter().find_map(|element| search(element, bound)),
        Expr::Map(map) => entries(&map.entries, bound),
        Expr::Struct(of_fields) => entries(&of_fields.entries, bound),
        Expr::Call(call) => {
            let target = call.target.as_deref().and_then(|target| search(target, bound));
            target.or_else(|| call.args.iter().find_map(|argument| search(argument, bound)))
        }
        Expr::Comprehension(comprehension) => {
            let outside = [&comprehension.iter_range, &comprehension.accu_init];
            let own = [Some(&comprehension.iter_var), comprehension.iter_var2.as_ref(), Some(&comprehension.accu_var)];
            let inside: Vec<&str> =
                own.into_iter().flatten().map(String::as_str).chain(bound.iter().copied()).collect();
            let parts = [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result];
            let found = outside.into_iter().find_map(|part| search(part, bound));
            found.or_else(|| parts.into_iter().find_map(|part| search(part, &inside)))
        }
    }
}

fn entries<'a>(entries: &'a [IdedEntryExpr], bound: &[&'a str]) -> Option<&'a str> {
    entries.iter().find_map(|entry| match &entry.expr {
        EntryExpr::StructField(field) => search(&field.value, bound),
        EntryExpr::MapEntry(member) => search(&member.key, bound).or_else(|| search(&member.value, bound)),
    })
}

#[cfg(test)]
mod tests {
    use cel::Program;

    use super::*;

    #[test]
    fn names_nobody_has_are_found_wherever_they_stand() {
        for (text, name) in [
            ("req_method == 'GET' && size(JWT.roles) > 1", None),
            ("[1, 2].all(x, x > 0 && req_path != '')", None),
            ("[1, 2].all(x, y > 0)", Some("y")),
            ("[1, 2].all(x, x > 0) && x == 1", Some("x")),
            ("{'a': [nope]}.a[0] == now", Some("nope")),
            ("nope.field.startsWith('a')", Some("nope")),
            ("has(req_params.Id) && type(1) == int", None),
        ] {
            let program = Program::compile(text).unwrap();
            assert_eq!(undeclared(program.expression()), name, "{text}");
        }
    }
}
