//! The demo's KrakenD file, with the addresses where its two services really listen.

use std::net::SocketAddr;

const FILE: &str = include_str!("../../config/demo.json");
/// Where the file says that v1 listens.
const V1: &str = "127.0.0.1:18081";
/// Where the file says that v2 listens.
const V2: &str = "127.0.0.1:18082";

/// `config/demo.json` with v1 and v2 at these addresses.
#[must_use]
pub fn config(v1: SocketAddr, v2: SocketAddr) -> String {
    // One address may look like the other's placeholder, so the text is cut at one before the other is replaced.
    FILE.split(V1).map(|part| part.replace(V2, &v2.to_string())).collect::<Vec<_>>().join(&v1.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        let document: Value = serde_json::from_str(text).unwrap();
        let endpoints = document["endpoints"].as_array().unwrap();
        endpoints
            .iter()
            .flat_map(|endpoint| endpoint["backend"].as_array().unwrap())
            .flat_map(|backend| backend["host"].as_array().unwrap())
            .map(|host| host.as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_host_becomes_one_of_the_two_addresses() {
        let text = config("127.0.0.1:1111".parse().unwrap(), "127.0.0.1:2222".parse().unwrap());
        let hosts = hosts(&text);
        assert!(
            hosts.iter().all(|host| host == "http://127.0.0.1:1111" || host == "http://127.0.0.1:2222"),
            "{hosts:?}"
        );
        assert!(hosts.iter().any(|host| host.ends_with("1111")) && hosts.iter().any(|host| host.ends_with("2222")));
    }

    #[test]
    fn swapped_addresses_are_not_swapped_back() {
        let text = config(V2.parse().unwrap(), V1.parse().unwrap());
        let original = hosts(FILE);
        let swapped: Vec<String> = hosts(&text)
            .into_iter()
            .map(|host| if host.ends_with(V1) { format!("http://{V2}") } else { format!("http://{V1}") })
            .collect();
        assert_eq!(swapped, original);
    }

    #[test]
    fn every_endpoint_has_a_live_backend_at_v1_and_a_shadow_at_v2() {
        let document: Value = serde_json::from_str(FILE).unwrap();
        for endpoint in document["endpoints"].as_array().unwrap() {
            let backends = endpoint["backend"].as_array().unwrap();
            let shadow = |backend: &&Value| backend["extra_config"]["proxy"]["shadow"] == true;
            assert!(backends.iter().any(|backend| shadow(&backend)), "{endpoint}");
            for backend in backends {
                let expected = if shadow(&backend) { V2 } else { V1 };
                assert_eq!(backend["host"][0], format!("http://{expected}"));
            }
        }
    }
}
