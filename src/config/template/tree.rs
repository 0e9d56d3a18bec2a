//! A parsed template: what to write, decide and repeat. Plain data.

use std::{collections::BTreeMap, rc::Rc};

use super::{functions::Function, value::Value};

/// Where something stands: which file, and the byte offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, by its number.
    pub(super) file: usize,
    /// The offset in bytes.
    pub(super) offset: usize,
}

/// Every template by its name.
pub(super) type Templates = BTreeMap<String, Rc<Vec<Node>>>;

/// One piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Text to write as it is.
    Text(Place, String),
    /// A pipeline whose value is written, unless it sets a variable.
    Action(Pipe),
    /// `if`: the first when the pipeline is true, else the second.
    If(Branch),
    /// `with`: the same, with the value as dot.
    With(Branch),
    /// `range`: the first for each element, the second when there is none.
    Range(Branch),
    /// `template`: the text of another template.
    Template(Place, String, Option<Pipe>),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// A pipeline that decides, and what it decides between.
#[derive(Debug)]
pub(super) struct Branch {
    /// What decides.
    pub(super) pipe: Pipe,
    /// What to do when it is true.
    pub(super) body: Vec<Node>,
    /// What to do when it is not.
    pub(super) otherwise: Vec<Node>,
}

/// Commands, each given the value of the one before it.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Where it begins.
    pub(super) place: Place,
    /// Variables that get the value, with their dollar.
    pub(super) variables: Vec<String>,
    /// Whether the variables are declared here (`:=`) or set (`=`).
    pub(super) declares: bool,
    /// At least one.
    pub(super) commands: Vec<Command>,
}

/// One operand, or a function and its arguments.
#[derive(Debug)]
pub(super) struct Command {
    /// At least one.
    pub(super) operands: Vec<Operand>,
}

/// A value to be found, and where it was written.
#[derive(Debug)]
pub(super) struct Operand {
    /// Where.
    pub(super) place: Place,
    /// What.
    pub(super) term: Term,
}

/// How a value is found.
#[derive(Debug)]
pub(super) enum Term {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// A constant.
    Constant(Value),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    /// A function's name.
    Function(&'static Function),
    /// `( … )` and the fields after it.
    Group(Box<Pipe>, Vec<String>),
}
