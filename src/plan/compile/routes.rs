//! Which path leads where.

use std::collections::HashMap;

use crate::{
    config::Service,
    plan::{
        Routes, Target,
        routes::{RouteRules, segments},
    },
};

const EVERY_METHOD: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "DELETE", "CONNECT", "TRACE"];

/// All routes, those that the gateway answers itself first.
pub(super) fn routes(config: &Service) -> Routes {
    let router = &config.router;
    let mut routes = Routes::new(RouteRules {
        keep_trailing_slash: router.disable_redirect_trailing_slash,
        keep_path: router.disable_redirect_fixed_path,
        hide_methods: router.disable_handle_method_not_allowed,
        clean_first: router.remove_extra_slash,
    });
    if !router.disable_health {
        routes.add("GET", &segments(&router.health_path, &[]), Target::Health);
    }
    for (wanted, path, target) in
        [(config.debug_endpoint, "/__debug", Target::Debug), (config.echo_endpoint, "/__echo", Target::Echo)]
    {
        for method in EVERY_METHOD.iter().filter(|_| wanted) {
            routes.add_below(method, path, target.clone());
        }
    }
    for (place, endpoint) in config.endpoints.iter().enumerate() {
        routes.add(&endpoint.method, &segments(&endpoint.path, &endpoint.params), Target::Endpoint(place));
    }
    if router.auto_options {
        add_options(&mut routes, config);
    }
    routes
}

fn add_options(routes: &mut Routes, config: &Service) {
    let mut methods: HashMap<&str, Vec<&str>> = HashMap::new();
    for endpoint in &config.endpoints {
        methods.entry(&endpoint.path).or_default().push(&endpoint.method);
    }
    for endpoint in &config.endpoints {
        let mut allowed = methods.get(endpoint.path.as_str()).cloned().unwrap_or_default();
        allowed.sort_unstable();
        routes.add("OPTIONS", &segments(&endpoint.path, &endpoint.params), Target::Options(allowed.join(", ")));
    }
}
