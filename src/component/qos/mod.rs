//! Components of the namespaces `qos/…`: limits, breakers and caches.

mod breaker;
pub mod circuit_breaker;
pub mod http_cache;
pub mod ratelimit;
