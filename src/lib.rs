//! Gnomon: an API gateway that runs KrakenD files and mirrors traffic to backends that are not live yet.

pub mod cli;
pub mod config;
pub mod model;
