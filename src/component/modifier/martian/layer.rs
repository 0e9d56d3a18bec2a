//! The layer around an exchange: request modifiers, the call, answer modifiers.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use http::StatusCode;

use crate::{
    component::{
        Layer, Next,
        tables::{Place, Wired},
    },
    config::{
        Diagnostic, Node, Severity,
        diagnostic::{Findings, brief},
    },
    model::{Headers, Outbound, WireAnswer, WireRequest},
};

use super::{modifier::Modifier, parse, request::Asking, response::Answering};

/// Makes the layer; `None` when the tree does not parse.
pub fn make(node: &Node<'_>, _place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<WireRequest, Wired>>> {
    match parse::modifier(node) {
        Ok(modifier) => Some(Arc::new(Martian { modifier })),
        Err(message) => {
            let text = format!("{message}: NO modifier of this backend runs, as in KrakenD");
            let finding = Diagnostic::new(Severity::Mistake, node.pointer(), text).value(node.value());
            findings.push(finding.hint(format!("found {}", brief(node.value()))));
            None
        }
    }
}

#[derive(Debug)]
struct Martian {
    modifier: Modifier,
}

impl Layer<WireRequest, Wired> for Martian {
    fn call<'a>(&'a self, input: WireRequest, next: Next<'a, WireRequest, Wired>) -> LocalBoxFuture<'a, Wired> {
        Box::pin(self.exchange(input, next))
    }
}

impl Martian {
    async fn exchange(&self, input: WireRequest, next: Next<'_, WireRequest, Wired>) -> Wired {
        let mut asking = Asking::new(input);
        self.modifier.on_request(&mut asking)?;
        let Asking { outbound, body, skips_call } = asking;
        let asked: Outbound = outbound.clone();
        let answer = if skips_call {
            WireAnswer::whole(StatusCode::OK, Headers::new(), bytes::Bytes::new())
        } else {
            next.run(WireRequest { outbound, body }).await?
        };
        let mut answering = Answering { asked: &asked, answer };
        self.modifier.on_response(&mut answering)?;
        Ok(answering.answer)
    }
}
