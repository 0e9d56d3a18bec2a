//! Components that look at what a request or an answer says, and turn away what does not satisfy them.

pub mod cel;
pub mod json_schema;
pub mod schema_text;
