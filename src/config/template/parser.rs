//! Tokens as a tree: blocks, definitions and the variables in reach of them.
//!
//! Promises: every function and variable is known once this is done; nesting is bounded.

use std::rc::Rc;

use super::{
    lexer::{Fault, Kind, Token, tokens},
    limits::NESTING_MAX,
    pipeline,
    tree::{Branch, Node, Pipe, Place, Templates},
    value::Value,
};

/// Parses one file and adds its templates: itself, under `name`, and what it defines.
///
/// # Errors
/// The first place that is wrong.
pub(super) fn parse(file: usize, name: &str, text: &str, templates: &mut Templates) -> Result<(), Fault> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        file,
        end: text.len(),
        depth: 0,
        loops: 0,
        variables: vec!["$".to_owned()],
        templates,
    };
    let (body, end) = parser.list(&[])?;
    debug_assert!(end.is_none(), "a file ends where its text does");
    let templates = parser.templates;
    // As in Go, an empty body does not replace a template that has one.
    if !templates.contains_key(name) || !is_empty(&body) {
        templates.insert(name.to_owned(), Rc::new(body));
    }
    Ok(())
}

fn is_empty(body: &[Node]) -> bool {
    body.iter().all(|node| matches!(node, Node::Text(_, text) if text.trim().is_empty()))
}

/// The keyword that ended a list of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// `end`
    End,
    /// `else`, with whatever follows it.
    Else,
}

/// The state of parsing one file.
pub(super) struct Parser<'a> {
    tokens: Vec<Token>,
    next: usize,
    file: usize,
    end: usize,
    depth: usize,
    loops: usize,
    pub(super) variables: Vec<String>,
    templates: &'a mut Templates,
}

impl Parser<'_> {
    /// The token to come.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// The kind of a token further on.
    pub(super) fn lookahead(&self, distance: usize) -> Option<&Kind> {
        self.tokens.get(self.next.saturating_add(distance)).map(|token| &token.kind)
    }

    /// Takes the token to come.
    pub(super) fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    /// Takes the token to come if it is that sign.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token { kind: Kind::Sign(found), .. }) if *found == sign);
        self.next += usize::from(is_it);
        is_it
    }

    /// Where the token to come begins.
    pub(super) fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    /// The place of an offset in this file.
    pub(super) fn place(&self, offset: usize) -> Place {
        Place { file: self.file, offset }
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth >= NESTING_MAX {
            return Err((self.at(), format!("blocks or parentheses that nest more than {NESTING_MAX} deep")));
        }
        self.depth += 1;
        let outcome = inner(self);
        self.depth -= 1;
        outcome
    }

    /// The fault of meeting the token to come where it does not belong.
    pub(super) fn unexpected(&self, context: &str) -> Fault {
        let what = match self.peek().map(|token| &token.kind) {
            None => "end of file".to_owned(),
            Some(Kind::Text(_)) => "text".to_owned(),
            Some(Kind::Open) => "\"{{\"".to_owned(),
            Some(Kind::Close) => "\"}}\"".to_owned(),
            Some(Kind::Word(word)) => format!("<{word}>"),
            Some(Kind::Field(name)) => format!("<.{name}>"),
            Some(Kind::Variable(name)) => format!("<{name}>"),
            Some(Kind::Constant(_)) => "a constant".to_owned(),
            Some(Kind::Dot) => "<.>".to_owned(),
            Some(Kind::Sign(sign)) => format!("{sign:?}"),
        };
        (self.at(), format!("unexpected {what} in {context}"))
    }

    /// Takes `}}`.
    fn close(&mut self, context: &str) -> Result<(), Fault> {
        match self.peek() {
            Some(Token { kind: Kind::Close, .. }) => {
                self.next += 1;
                Ok(())
            }
            _ => Err(self.unexpected(context)),
        }
    }

    /// The word that opens an action, if one does.
    fn keyword(&self) -> Option<String> {
        match self.peek() {
            Some(Token { kind: Kind::Word(word), .. }) => Some(word.clone()),
            _ => None,
        }
    }

    /// Nodes up to one of the endings, whose word is taken.
    fn list(&mut self, endings: &[Ending]) -> Result<(Vec<Node>, Option<Ending>), Fault> {
        let mut nodes = Vec::new();
        loop {
            let Some(token) = self.advance() else {
                return if endings.is_empty() {
                    Ok((nodes, None))
                } else {
                    Err(self.unexpected("a block without end"))
                };
            };
            let place = self.place(token.at);
            if let Kind::Text(text) = token.kind {
                nodes.push(Node::Text(place, text));
                continue;
            }
            let word = self.keyword();
            let ending = match word.as_deref() {
                Some("end") => Some(Ending::End),
                Some("else") => Some(Ending::Else),
                _ => None,
            };
            if let Some(ending) = ending {
                if !endings.contains(&ending) {
                    return Err((token.at, format!("unexpected {{{{{}}}}}", word.unwrap_or_default())));
                }
                self.next += 1;
                return Ok((nodes, Some(ending)));
            }
            nodes.extend(self.action(place, word.as_deref(), endings.is_empty())?);
        }
    }

    fn action(&mut self, place: Place, word: Option<&str>, at_top: bool) -> Result<Option<Node>, Fault> {
        let word = word.unwrap_or_default();
        if matches!(word, "if" | "with" | "range" | "define" | "block" | "template" | "break" | "continue") {
            self.next += 1;
        }
        match word {
            "if" | "with" | "range" => self.deeper(|parser| parser.branch(word)).map(Some),
            "define" if at_top => self.deeper(|parser| parser.define()).map(|()| None),
            "define" => Err((place.offset, "unexpected {{define}} inside a block".to_owned())),
            "block" => self.deeper(|parser| parser.block(place)).map(Some),
            "template" => {
                let name = self.name("template clause")?;
                let pipe = if self.at_close() { None } else { Some(self.pipe("template clause")?) };
                self.close("template clause")?;
                Ok(Some(Node::Template(place, name, pipe)))
            }
            "break" | "continue" => {
                self.close(word)?;
                if self.loops == 0 {
                    return Err((place.offset, format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                Ok(Some(if word == "break" { Node::Break } else { Node::Continue }))
            }
            _ => {
                let pipe = self.pipe("command")?;
                self.close("command")?;
                Ok(Some(Node::Action(pipe)))
            }
        }
    }

    fn at_close(&self) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Close, .. }))
    }

    fn pipe(&mut self, context: &str) -> Result<Pipe, Fault> {
        self.deeper(|parser| pipeline::pipe(parser, context, context == "range"))
    }

    /// What follows `if`, `with` or `range`, up to its end.
    fn branch(&mut self, word: &str) -> Result<Node, Fault> {
        let variables = self.variables.len();
        let pipe = self.pipe(word)?;
        self.close(word)?;
        let loops = self.loops;
        self.loops += usize::from(word == "range");
        let outcome = self.list(&[Ending::End, Ending::Else]);
        self.loops = loops;
        let (body, ending) = outcome?;
        let otherwise = if ending == Some(Ending::Else) { self.otherwise(word)? } else { Vec::new() };
        if ending == Some(Ending::End) {
            self.close("end")?;
        }
        self.variables.truncate(variables);
        let branch = Branch { pipe, body, otherwise };
        Ok(match word {
            "if" => Node::If(branch),
            "with" => Node::With(branch),
            _ => Node::Range(branch),
        })
    }

    /// What follows `else`: its body up to the end, or another condition that shares that end.
    fn otherwise(&mut self, word: &str) -> Result<Vec<Node>, Fault> {
        if word != "range" && self.keyword().as_deref() == Some(word) {
            self.next += 1;
            return self.deeper(|parser| parser.branch(word)).map(|node| vec![node]);
        }
        self.close("else")?;
        let (body, _) = self.list(&[Ending::End])?;
        self.close("end")?;
        Ok(body)
    }

    fn name(&mut self, context: &str) -> Result<String, Fault> {
        match self.peek() {
            Some(Token { kind: Kind::Constant(Value::Text(name)), .. }) => {
                let name = name.to_string();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected(context)),
        }
    }

    /// The body of `define` or `block`, which sees no variable but `$` and no loop around it.
    fn body(&mut self, name: String) -> Result<(), Fault> {
        let outside = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, _) = self.list(&[Ending::End])?;
        self.close("end")?;
        self.variables = outside;
        self.loops = loops;
        if !self.templates.contains_key(&name) || !is_empty(&body) {
            self.templates.insert(name, Rc::new(body));
        }
        Ok(())
    }

    fn define(&mut self) -> Result<(), Fault> {
        let name = self.name("define clause")?;
        self.close("define clause")?;
        self.body(name)
    }

    fn block(&mut self, place: Place) -> Result<Node, Fault> {
        let name = self.name("block clause")?;
        let pipe = self.pipe("block clause")?;
        self.close("block clause")?;
        self.body(name.clone())?;
        Ok(Node::Template(place, name, Some(pipe)))
    }
}
