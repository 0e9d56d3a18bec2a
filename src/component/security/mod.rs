//! Components of the namespaces `security/…`: who may ask, from where, and what browsers are told.

mod allowed_headers;
pub mod bot_detector;
pub mod cors;
pub mod http;
