//! Carries out a parsed template.
//!
//! Promises: every step is counted, output and calls are bounded, and every error has its place.

use std::rc::Rc;

use super::{
    bounded::Bounded,
    functions::{Function, Host},
    limits::{CALLS_DEPTH_MAX, LEVELS_MAX, STEPS_MAX},
    print,
    tree::{Branch, Command, Node, Operand, Pipe, Place, Templates, Term},
    value::Value,
};

/// What went wrong, and where.
pub(super) type Trouble = (Place, String);

/// Where the execution of nodes goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// With the next node.
    On,
    /// Behind the innermost range.
    Break,
    /// With the next round of the innermost range.
    Continue,
}

/// One rendering under way.
pub(super) struct Evaluation<'a> {
    templates: &'a Templates,
    host: &'a Host<'a>,
    out: Bounded,
    steps_left: usize,
    calls: usize,
    levels: usize,
    variables: Vec<(String, Value)>,
}

impl<'a> Evaluation<'a> {
    /// Starts with nothing written.
    pub(super) fn new(templates: &'a Templates, host: &'a Host<'a>) -> Self {
        let out = Bounded::default();
        Self { templates, host, out, steps_left: STEPS_MAX, calls: 0, levels: 0, variables: Vec::new() }
    }

    /// Writes the template of that name with `data` as dot.
    ///
    /// # Errors
    /// The first thing that goes wrong.
    pub(super) fn call(&mut self, place: Place, name: &str, data: &Value) -> Result<(), Trouble> {
        let body = self.templates.get(name).cloned();
        let body: Rc<Vec<Node>> = body.ok_or_else(|| (place, format!("template {name:?} not defined")))?;
        if self.calls >= CALLS_DEPTH_MAX {
            return Err((place, format!("templates that call each other more than {CALLS_DEPTH_MAX} deep")));
        }
        self.calls += 1;
        let outside = std::mem::replace(&mut self.variables, vec![("$".to_owned(), data.clone())]);
        let outcome = self.nodes(&body, data);
        self.variables = outside;
        self.calls -= 1;
        outcome.map(|_flow| ())
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.out.into_text()
    }

    fn step(&mut self, place: Place) -> Result<(), Trouble> {
        self.steps_left = self
            .steps_left
            .checked_sub(1)
            .ok_or_else(|| (place, format!("a template that takes more than {STEPS_MAX} steps")))?;
        Ok(())
    }

    /// Runs `inner` one level deeper; blocks, parentheses and called templates all count.
    fn deeper<T>(&mut self, place: Place, inner: impl FnOnce(&mut Self) -> Result<T, Trouble>) -> Result<T, Trouble> {
        if self.levels >= LEVELS_MAX {
            return Err((place, format!("templates, blocks and parentheses that nest more than {LEVELS_MAX} deep")));
        }
        self.levels += 1;
        let outcome = inner(self);
        self.levels -= 1;
        outcome
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, Trouble> {
        for node in nodes {
            match self.node(node, dot)? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, Trouble> {
        match node {
            Node::Text(place, text) => {
                self.step(*place)?;
                self.out.push(text).map_err(|message| (*place, message))?;
            }
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    print::write_action(&mut self.out, &value).map_err(|message| (pipe.place, message))?;
                }
            }
            Node::If(branch) => return self.deeper(branch.pipe.place, |inner| inner.branch(branch, dot, false)),
            Node::With(branch) => return self.deeper(branch.pipe.place, |inner| inner.branch(branch, dot, true)),
            Node::Range(branch) => return self.deeper(branch.pipe.place, |inner| inner.range(branch, dot)),
            Node::Template(place, name, pipe) => {
                let data = pipe.as_ref().map_or(Ok(Value::Missing), |pipe| self.pipe(pipe, dot))?;
                self.step(*place)?;
                self.deeper(*place, |inner| inner.call(*place, name, &data))?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn branch(&mut self, branch: &Branch, dot: &Value, takes_dot: bool) -> Result<Flow, Trouble> {
        let mark = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let flow = if value.truth() {
            self.nodes(&branch.body, if takes_dot { &value } else { dot })
        } else {
            self.nodes(&branch.otherwise, dot)
        };
        self.variables.truncate(mark);
        flow
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Result<Flow, Trouble> {
        let mark = self.variables.len();
        let place = branch.pipe.place;
        let value = self.commands(&branch.pipe, dot)?;
        let names = &branch.pipe.variables;
        let rounds = rounds(&value, names.len()).map_err(|message| (place, message))?;
        if branch.pipe.declares {
            self.variables.extend(names.iter().map(|name| (name.clone(), Value::Missing)));
        }
        let inside = self.variables.len();
        let mut flow = Flow::On;
        let is_empty = rounds.len() == 0;
        for (key, element) in rounds {
            self.step(place)?;
            match names.as_slice() {
                [one] => self.set(place, one, element.clone())?,
                [first, second] => {
                    self.set(place, first, key)?;
                    self.set(place, second, element.clone())?;
                }
                _ => {}
            }
            let outcome = self.nodes(&branch.body, &element)?;
            self.variables.truncate(inside);
            if outcome == Flow::Break {
                break;
            }
        }
        if is_empty {
            flow = self.nodes(&branch.otherwise, dot)?;
        }
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn set(&mut self, place: Place, name: &str, value: Value) -> Result<(), Trouble> {
        let slot = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        let slot = slot.ok_or_else(|| (place, format!("undefined variable: {name}")))?;
        slot.1 = value;
        Ok(())
    }

    /// The value of a pipeline, after its variables were set.
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Trouble> {
        let value = self.commands(pipe, dot)?;
        for name in &pipe.variables {
            if pipe.declares {
                self.variables.push((name.clone(), value.clone()));
            } else {
                self.set(pipe.place, name, value.clone())?;
            }
        }
        Ok(value)
    }

    fn commands(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Trouble> {
        let mut value = None;
        for command in &pipe.commands {
            // What a pipeline passes on is no interface any more: a nil in it is no value at all.
            value = Some(match self.command(command, dot, value)? {
                Value::Nil => Value::Missing,
                other => other,
            });
        }
        Ok(value.unwrap_or(Value::Missing))
    }

    fn command(&mut self, command: &Command, dot: &Value, last: Option<Value>) -> Result<Value, Trouble> {
        let Some((first, rest)) = command.operands.split_first() else { return Ok(Value::Missing) };
        self.step(first.place)?;
        let Term::Function(function) = &first.term else {
            if !rest.is_empty() || last.is_some() {
                return Err((first.place, cannot_call(&first.term)));
            }
            if matches!(first.term, Term::Nil) {
                return Err((first.place, "nil is not a command".to_owned()));
            }
            return self.operand(first, dot);
        };
        if matches!(function.name, "and" | "or") {
            return self.short(first, function.name == "or", rest, dot, last);
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            arguments.push(self.operand(operand, dot)?);
        }
        arguments.extend(last);
        self.function(first.place, function, arguments)
    }

    fn function(&mut self, place: Place, function: &Function, arguments: Vec<Value>) -> Result<Value, Trouble> {
        function.call(self.host, arguments).map_err(|message| (place, format!("{}: {message}", function.name)))
    }

    /// `and` and `or`, which look at no more arguments than they must.
    fn short(
        &mut self,
        first: &Operand,
        stops_at: bool,
        rest: &[Operand],
        dot: &Value,
        last: Option<Value>,
    ) -> Result<Value, Trouble> {
        let mut value = None;
        for operand in rest {
            let found = self.operand(operand, dot)?;
            if found.truth() == stops_at {
                return Ok(found);
            }
            value = Some(found);
        }
        last.or(value).ok_or_else(|| (first.place, "wrong number of args: want at least 1 got 0".to_owned()))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, Trouble> {
        let place = operand.place;
        let (value, fields) = match &operand.term {
            Term::Dot => return Ok(dot.clone()),
            Term::Nil => return Ok(Value::Nil),
            Term::Constant(value) => return Ok(value.clone()),
            Term::Field(fields) => (dot.clone(), fields),
            Term::Function(function) => return self.function(place, function, Vec::new()),
            Term::Group(pipe, fields) => (self.deeper(place, |inner| inner.pipe(pipe, dot))?, fields),
            Term::Variable(name, fields) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let found = found.ok_or_else(|| (place, format!("undefined variable: {name}")))?;
                (found.1.clone(), fields)
            }
        };
        fields.iter().try_fold(value, |value, name| field(&value, name)).map_err(|message| (place, message))
    }
}

fn cannot_call(term: &Term) -> String {
    match term {
        Term::Field(fields) | Term::Variable(_, fields) | Term::Group(_, fields) => match fields.last() {
            Some(name) => format!("{name} is not a method but has arguments"),
            None => "can't give argument to non-function".to_owned(),
        },
        _ => "can't give argument to non-function".to_owned(),
    }
}

fn field(value: &Value, name: &str) -> Result<Value, String> {
    match value {
        Value::Missing => Ok(Value::Missing),
        Value::Nil => Err(format!("nil pointer evaluating interface {{}}.{name}")),
        Value::Map(map) => Ok(map.get(name).unwrap_or(Value::Missing)),
        other => Err(format!("can't evaluate field {name} in type {}", other.type_name())),
    }
}

/// What a range goes over: keys and elements.
type Rounds = Box<dyn ExactSizeIterator<Item = (Value, Value)>>;

fn rounds(value: &Value, variables: usize) -> Result<Rounds, String> {
    match value {
        Value::Missing | Value::Nil => Ok(Box::new(std::iter::empty())),
        Value::List(list) => {
            let list = list.clone();
            let keyed = move |index: usize| {
                let key = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
                (key, list.items().get(index).cloned().unwrap_or(Value::Missing))
            };
            let count = if let Value::List(list) = value { list.items().len() } else { 0 };
            Ok(Box::new((0..count).map(keyed)))
        }
        Value::Map(map) => Ok(Box::new(map.members().into_iter().map(|(key, item)| (Value::text(&key), item)))),
        Value::Int(_) | Value::Long(_) if variables > 1 => {
            Err("can't use an int to iterate over more than one variable".to_owned())
        }
        Value::Int(count) | Value::Long(count) => {
            let made = if matches!(value, Value::Int(_)) { Value::Int } else { Value::Long };
            let count = usize::try_from(*count).unwrap_or(0);
            let same = move |index: usize| made(i64::try_from(index).unwrap_or(i64::MAX));
            Ok(Box::new((0..count).map(move |index| (same(index), same(index)))))
        }
        other => Err(format!("range can't iterate over {}", print::text_of(other)?)),
    }
}
