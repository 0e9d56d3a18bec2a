//! Whole documents: the seed in all its forms, formats, overrides, older versions.

use std::time::Duration;

use super::read;
use crate::config::{Pick, Service};

const SEED: &str = include_str!("../../../config/krakend.json");

fn is_seed(service: &Service) {
    let [endpoint] = service.endpoints.as_slice() else { panic!("one endpoint") };
    assert_eq!((endpoint.path.as_str(), endpoint.method.as_str()), ("/user/{id}", "GET"));
    assert_eq!(endpoint.timeout, Duration::from_millis(150));
    assert_eq!(endpoint.params, ["id"]);
    assert_eq!(endpoint.input_headers, Pick::Only(Vec::new()));
    let [live, shadow] = endpoint.backends.as_slice() else { panic!("two backends") };
    assert_eq!(
        (live.url_pattern.as_str(), live.hosts.as_slice()),
        ("/v1/user/{id}", &["http://127.0.0.1:8081".to_owned()][..])
    );
    assert_eq!((shadow.url_pattern.as_str(), shadow.method.as_str()), ("/v2/user/{id}", "GET"));
    assert!(live.shadow.is_none());
    assert_eq!(shadow.shadow.as_ref().map(|shadow| shadow.timeout), Some(Duration::from_millis(150)));
}

#[test]
fn the_seed_loads_without_a_finding() {
    let loaded = read("config/krakend.json", SEED);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let service = loaded.service.unwrap();
    assert_eq!(service.port, 8080);
    assert_eq!(service.endpoints[0].backends[1].pointer, "/endpoints/0/backend/1");
    is_seed(&service);
}
