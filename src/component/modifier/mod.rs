//! Components that change requests and answers by rules or scripts of the file.

pub mod martian;
