//! What stands inside an action as a tree: pipelines, commands and operands.

use super::{
    functions,
    lexer::{Fault, Kind, Token},
    parser::Parser,
    tree::{Command, Operand, Pipe, Term},
    value::Value,
};

/// Parses a pipeline up to a closing bracket, which is left.
///
/// # Errors
/// The first place that is wrong.
pub(super) fn pipe(parser: &mut Parser<'_>, context: &str, is_range: bool) -> Result<Pipe, Fault> {
    let place = parser.place(parser.at());
    let (variables, declares) = declarations(parser, is_range)?;
    let mut commands = vec![command(parser, context)?];
    while parser.takes("|") {
        let at = parser.at();
        let next = command(parser, context)?;
        let callable = next.operands.first().is_some_and(|first| {
            matches!(first.term, Term::Function(_) | Term::Field(_) | Term::Variable(..) | Term::Group(..))
        });
        if !callable {
            return Err((at, "a non executable command in a pipeline".to_owned()));
        }
        commands.push(next);
    }
    // The variables are in reach only behind their own pipeline.
    if declares {
        parser.variables.extend(variables.iter().cloned());
    }
    Ok(Pipe { place, variables, declares, commands })
}

/// `$x :=`, `$x =`, and in a range `$i, $e :=`.
fn declarations(parser: &mut Parser<'_>, is_range: bool) -> Result<(Vec<String>, bool), Fault> {
    let Some(Token { kind: Kind::Variable(first), at, .. }) = parser.peek().cloned() else {
        return Ok((Vec::new(), false));
    };
    let mut names = vec![(at, first)];
    let mut ahead = parser.lookahead(1);
    if is_range && matches!(ahead, Some(Kind::Sign(","))) {
        let Some(Kind::Variable(second)) = parser.lookahead(2) else {
            return Err((at, "range can only initialize variables".to_owned()));
        };
        names.push((at, second.clone()));
        ahead = parser.lookahead(3);
    }
    let declares = match ahead {
        Some(Kind::Sign(":=")) => true,
        Some(Kind::Sign("=")) => false,
        Some(Kind::Sign(",")) => return Err((at, "too many declarations in command".to_owned())),
        _ if names.len() > 1 => return Err((at, "missing := after the variables of a range".to_owned())),
        _ => return Ok((Vec::new(), false)),
    };
    for _token in 0..names.len() * 2 {
        parser.advance();
    }
    if !declares {
        for (at, name) in &names {
            known(parser, *at, name)?;
        }
    }
    Ok((names.into_iter().map(|(_, name)| name).collect(), declares))
}

fn known(parser: &Parser<'_>, at: usize, name: &str) -> Result<(), Fault> {
    if parser.variables.iter().any(|known| known == name) {
        return Ok(());
    }
    Err((at, format!("undefined variable {name:?}")))
}

fn command(parser: &mut Parser<'_>, context: &str) -> Result<Command, Fault> {
    let mut operands: Vec<Operand> = Vec::new();
    loop {
        let ends = match parser.peek() {
            None => true,
            Some(token) => matches!(token.kind, Kind::Close | Kind::Sign(")" | "|")),
        };
        if ends {
            if operands.is_empty() {
                return Err((parser.at(), format!("missing value for {context}")));
            }
            return Ok(Command { operands });
        }
        if !operands.is_empty() && parser.peek().is_some_and(|token| !token.spaced) {
            return Err(parser.unexpected("operand"));
        }
        operands.push(operand(parser)?);
    }
}

fn operand(parser: &mut Parser<'_>) -> Result<Operand, Fault> {
    let at = parser.at();
    let place = parser.place(at);
    let unexpected = parser.unexpected("operand");
    let Some(token) = parser.advance() else { return Err(unexpected) };
    let term = match token.kind {
        Kind::Dot => Term::Dot,
        Kind::Constant(value) => Term::Constant(value),
        Kind::Field(name) => Term::Field(vec![name]),
        Kind::Variable(name) => {
            known(parser, at, &name)?;
            Term::Variable(name, Vec::new())
        }
        Kind::Word(word) => match word.as_str() {
            "true" => Term::Constant(Value::Flag(true)),
            "false" => Term::Constant(Value::Flag(false)),
            "nil" => Term::Nil,
            _ => Term::Function(functions::find(&word).map_err(|message| (at, message))?),
        },
        Kind::Sign("(") => {
            let inner = parser.deeper(|parser| pipe(parser, "parenthesized pipeline", false))?;
            if !parser.takes(")") {
                return Err(parser.unexpected("parenthesized pipeline"));
            }
            Term::Group(Box::new(inner), Vec::new())
        }
        _ => return Err(unexpected),
    };
    Ok(Operand { place, term: chained(parser, term)? })
}

/// Adds the fields that follow without a space.
fn chained(parser: &mut Parser<'_>, mut term: Term) -> Result<Term, Fault> {
    while let Some(Token { kind: Kind::Field(name), spaced: false, at }) = parser.peek().cloned() {
        match &mut term {
            Term::Field(fields) | Term::Variable(_, fields) | Term::Group(_, fields) => fields.push(name),
            Term::Dot | Term::Nil | Term::Constant(_) | Term::Function(_) => {
                return Err((at, format!("unexpected <.{name}> after a term that has no fields")));
            }
        }
        parser.advance();
    }
    Ok(term)
}
