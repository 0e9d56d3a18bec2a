//! Components of the namespaces `backend/…`: backends that are not asked in plain HTTP.

pub mod graphql;
