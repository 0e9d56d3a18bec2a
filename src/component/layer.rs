//! Layers around a step of a request: each sees what goes in, decides whether the rest happens, and sees what came out.

use std::{fmt::Debug, sync::Arc};

use futures_util::future::LocalBoxFuture;

/// One component around a step. State that threads share lives behind it, in atomics or locks held for an instant.
pub trait Layer<In, Out>: Send + Sync + Debug {
    /// Does its part and, if the request may go on, runs the rest.
    fn call<'a>(&'a self, input: In, next: Next<'a, In, Out>) -> LocalBoxFuture<'a, Out>;

    /// Whether it must see the request's whole body, which is then read before the step begins.
    fn reads_body(&self) -> bool {
        false
    }

    /// What stands in its place around calls that are made beside live ones, of which no live call may ever feel
    /// anything; `None` where they may have a component of their own.
    fn beside_live(self: Arc<Self>) -> Option<Arc<dyn Layer<In, Out>>> {
        None
    }
}

/// The components around one step, outermost first. Empty ones are never entered.
#[derive(Debug)]
pub struct Layers<In, Out>(Vec<Arc<dyn Layer<In, Out>>>);

impl<In, Out> Clone for Layers<In, Out> {
    /// The same layers, with the state they hold.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<In, Out> Default for Layers<In, Out> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<In, Out> Layers<In, Out> {
    /// These layers, outermost first.
    #[must_use]
    pub fn new(layers: Vec<Arc<dyn Layer<In, Out>>>) -> Self {
        Self(layers)
    }

    /// These, made of the settings of others, with what the others share in place of what of these must not be apart.
    #[must_use]
    pub fn beside(self, live: &Self) -> Self {
        let layers = self.0.into_iter().enumerate();
        let shared = |place: usize| live.0.get(place).and_then(|live| Arc::clone(live).beside_live());
        Self(layers.map(|(place, own)| shared(place).unwrap_or(own)).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them must see the whole body.
    #[must_use]
    pub fn read_body(&self) -> bool {
        self.0.iter().any(|layer| layer.reads_body())
    }

    /// Whether these are the very layers of the other, at least one of them.
    #[cfg(test)]
    pub(crate) fn shares_state_with(&self, other: &Self) -> bool {
        !self.0.is_empty()
            && self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Runs the step inside all layers.
    pub fn run<'a>(&'a self, input: In, step: &'a dyn Fn(In) -> LocalBoxFuture<'a, Out>) -> LocalBoxFuture<'a, Out> {
        Next { rest: &self.0, step }.run(input)
    }
}

/// What is left to run inside a layer. Copies run it again, with another request of the layer's own.
pub struct Next<'a, In, Out> {
    rest: &'a [Arc<dyn Layer<In, Out>>],
    step: &'a dyn Fn(In) -> LocalBoxFuture<'a, Out>,
}

impl<In, Out> Clone for Next<'_, In, Out> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<In, Out> Copy for Next<'_, In, Out> {}

impl<'a, In, Out> Next<'a, In, Out> {
    /// Runs it.
    #[must_use]
    pub fn run(self, input: In) -> LocalBoxFuture<'a, Out> {
        match self.rest.split_first() {
            Some((layer, rest)) => layer.call(input, Self { rest, step: self.step }),
            None => (self.step)(input),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Tag(&'static str);

    impl Layer<String, String> for Tag {
        fn call<'a>(&'a self, input: String, next: Next<'a, String, String>) -> LocalBoxFuture<'a, String> {
            Box::pin(async move {
                if input.contains("stop") {
                    return format!("{}!", self.0);
                }
                let out = next.run(format!("{input}{}", self.0)).await;
                format!("{out}{}", self.0)
            })
        }
    }

    #[tokio::test]
    async fn layers_see_the_request_in_order_and_the_reply_in_reverse() {
        let layers = Layers::new(vec![Arc::new(Tag("a")) as _, Arc::new(Tag("b")) as _]);
        let step = |input: String| -> LocalBoxFuture<'_, String> { Box::pin(async move { format!("[{input}]") }) };
        assert_eq!(layers.run(">".into(), &step).await, "[>ab]ba");
        assert_eq!(layers.run("stop".into(), &step).await, "a!");
        assert_eq!(Layers::default().run(">".into(), &step).await, "[>]");
    }
}
