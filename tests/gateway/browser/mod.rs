//! A real browser for the tests of the page: headless Chromium, driven through its DevTools protocol.
//!
//! Everything it does is written down, so that a test can say that nothing was loaded from elsewhere and nothing went
//! wrong unseen. `axe.min.js` is axe-core, which looks for what keeps people from using a page; its licence is beside it.

mod chromium;
mod devtools;
mod page;
mod websocket;

pub(crate) use chromium::Chromium;
pub(crate) use page::Page;
