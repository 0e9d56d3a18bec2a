//! Components of the namespaces `auth/…`.

pub mod client_credentials;
mod token_answer;
