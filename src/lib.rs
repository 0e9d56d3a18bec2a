//! Gnomon: an API gateway that runs KrakenD files and mirrors traffic to backends that are not live yet.

pub mod backend;
pub mod cli;
pub mod compare;
pub mod component;
pub mod config;
pub mod control;
pub mod demo;
pub mod encoding;
pub mod endpoint;
pub mod model;
pub mod plan;
pub mod sample;
pub mod server;
pub mod shadow;
pub mod shape;
pub mod split;
pub mod stats;
pub mod telemetry;
pub mod tls;
