//! Older spellings: the long names of components, and the attribute names of `version: 2` files.
//!
//! Promises: renames are structural (never inside values that merely look alike), and a new name that is already
//! there is never overwritten.

use serde_json::{Map, Value};

/// Component names, short and long. At service scope the long ones begin `github_com`, elsewhere `github.com`.
pub const NAMESPACES: [(&str, &str); 36] = [
    ("proxy", "github.com/devopsfaith/krakend/proxy"),
    ("router", "github_com/luraproject/lura/router/gin"),
    ("plugin/http-server", "github_com/devopsfaith/krakend/transport/http/server/handler"),
    ("plugin/http-client", "github.com/devopsfaith/krakend/transport/http/client/executor"),
    ("plugin/req-resp-modifier", "github.com/devopsfaith/krakend/proxy/plugin"),
    ("qos/http-cache", "github.com/devopsfaith/krakend-httpcache"),
    ("qos/circuit-breaker", "github.com/devopsfaith/krakend-circuitbreaker/gobreaker"),
    ("auth/client-credentials", "github.com/devopsfaith/krakend-oauth2-clientcredentials"),
    ("auth/validator", "github.com/devopsfaith/krakend-jose/validator"),
    ("auth/validator", "github_com/devopsfaith/krakend-jose/validator"),
    ("auth/signer", "github.com/devopsfaith/krakend-jose/signer"),
    ("auth/revoker", "github_com/devopsfaith/bloomfilter"),
    ("security/bot-detector", "github_com/devopsfaith/krakend-botdetector"),
    ("security/bot-detector", "github.com/devopsfaith/krakend-botdetector"),
    ("security/http", "github_com/devopsfaith/krakend-httpsecure"),
    ("security/cors", "github_com/devopsfaith/krakend-cors"),
    ("validation/cel", "github.com/devopsfaith/krakend-cel"),
    ("validation/json-schema", "github.com/devopsfaith/krakend-jsonschema"),
    ("async/amqp", "github.com/devopsfaith/krakend-amqp/agent"),
    ("backend/amqp/consumer", "github.com/devopsfaith/krakend-amqp/consume"),
    ("backend/amqp/producer", "github.com/devopsfaith/krakend-amqp/produce"),
    ("backend/lambda", "github.com/devopsfaith/krakend-lambda"),
    ("backend/pubsub/publisher", "github.com/devopsfaith/krakend-pubsub/publisher"),
    ("backend/pubsub/subscriber", "github.com/devopsfaith/krakend-pubsub/subscriber"),
    ("backend/graphql", "github.com/devopsfaith/krakend/transport/http/client/graphql"),
    ("backend/http", "github.com/devopsfaith/krakend/http"),
    ("telemetry/gelf", "github_com/devopsfaith/krakend-gelf"),
    ("telemetry/logging", "github_com/devopsfaith/krakend-gologging"),
    ("telemetry/logstash", "github_com/devopsfaith/krakend-logstash"),
    ("telemetry/metrics", "github_com/devopsfaith/krakend-metrics"),
    ("telemetry/influx", "github_com/letgoapp/krakend-influx"),
    ("telemetry/opencensus", "github_com/devopsfaith/krakend-opencensus"),
    ("modifier/lua-endpoint", "github.com/devopsfaith/krakend-lua/router"),
    ("modifier/lua-proxy", "github.com/devopsfaith/krakend-lua/proxy"),
    ("modifier/lua-backend", "github.com/devopsfaith/krakend-lua/proxy/backend"),
    ("modifier/martian", "github.com/devopsfaith/krakend-martian"),
];

/// Long names that only files of version 2 use.
const NAMESPACES_OF_2: [(&str, &str); 7] = [
    ("qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/juju/router"),
    ("qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/juju/proxy"),
    ("telemetry/influx", "github_com/devopsfaith/krakend-influx"),
    ("documentation/openapi", "github_com/devopsfaith/krakend-swagger"),
    ("auth/api-keys", "github_com/devopsfaith/krakend-apikeys"),
    ("telemetry/instana", "github_com/devopsfaith/krakend-instana"),
    ("websocket", "github.com/devopsfaith/krakend-websocket"),
];

/// Attributes of endpoints, version 2 and 3.
pub const ENDPOINT_NAMES: [(&str, &str); 2] =
    [("headers_to_pass", "input_headers"), ("querystring_params", "input_query_strings")];

/// Attributes of backends, version 2 and 3.
pub const BACKEND_NAMES: [(&str, &str); 2] = [("whitelist", "allow"), ("blacklist", "deny")];

/// Attributes of components, by short name of the component.
const COMPONENT_NAMES: [(&str, &str, &str); 24] = [
    ("security/bot-detector", "whitelist", "allow"),
    ("security/bot-detector", "allowlist", "allow"),
    ("security/bot-detector", "blacklist", "deny"),
    ("security/bot-detector", "denylist", "deny"),
    ("security/bot-detector", "cacheSize", "cache_size"),
    ("auth/validator", "jwk-url", "jwk_url"),
    ("auth/validator", "propagate-claims", "propagate_claims"),
    ("auth/signer", "jwk-url", "jwk_url"),
    ("auth/signer", "keys-to-sign", "keys_to_sign"),
    ("qos/circuit-breaker", "maxErrors", "max_errors"),
    ("qos/circuit-breaker", "logStatusChange", "log_status_change"),
    ("qos/ratelimit/router", "maxRate", "max_rate"),
    ("qos/ratelimit/router", "clientMaxRate", "client_max_rate"),
    ("qos/ratelimit/proxy", "maxRate", "max_rate"),
    ("qos/ratelimit/proxy", "clientMaxRate", "client_max_rate"),
    ("auth/revoker", "HashName", "hash_name"),
    ("auth/revoker", "TokenKeys", "token_keys"),
    ("documentation/openapi", "termsOfService", "terms_of_service"),
    ("documentation/openapi", "basePath", "base_path"),
    ("documentation/openapi", "contact-name", "contact_name"),
    ("documentation/openapi", "contact-url", "contact_url"),
    ("documentation/openapi", "contact-email", "contact_email"),
    ("documentation/openapi", "license-name", "license_name"),
    ("documentation/openapi", "license-url", "license_url"),
];

/// The long spellings of a component.
pub fn aliases(short: &str) -> impl Iterator<Item = &'static str> {
    NAMESPACES.iter().filter(move |(name, _)| *name == short).map(|(_, long)| *long)
}

/// The short spelling of a component that is written long.
#[must_use]
pub fn short_name(long: &str) -> Option<&'static str> {
    NAMESPACES.iter().find(|(_, name)| *name == long).map(|(short, _)| *short)
}

/// The short spelling of a long name that only version 2 knew; files of version 3 that use it are ignored.
#[must_use]
pub fn short_name_of_2(long: &str) -> Option<&'static str> {
    NAMESPACES_OF_2.iter().find(|(_, name)| *name == long).map(|(short, _)| *short)
}

/// Whether the document says it is of version 2.
#[must_use]
pub fn is_version_2(document: &Map<String, Value>) -> bool {
    document.get("version").is_some_and(|version| version.as_f64() == Some(2.0) || version.as_str() == Some("2"))
}

/// Turns a document of version 2 into one of version 3; answers what was renamed, `old to new`, each once.
pub fn migrate(document: &mut Map<String, Value>) -> Vec<String> {
    let mut renamed = Vec::new();
    document.insert("version".to_owned(), Value::from(3));
    migrate_components(document, &mut renamed);
    for agent in objects(document, "async_agent") {
        migrate_components(agent, &mut renamed);
        migrate_backends(agent, &mut renamed);
    }
    for endpoint in objects(document, "endpoints") {
        rename_all(endpoint, &ENDPOINT_NAMES, &mut renamed);
        migrate_components(endpoint, &mut renamed);
        migrate_backends(endpoint, &mut renamed);
    }
    renamed.sort();
    renamed.dedup();
    renamed
}

fn migrate_backends(owner: &mut Map<String, Value>, renamed: &mut Vec<String>) {
    for backend in objects(owner, "backend") {
        rename_all(backend, &BACKEND_NAMES, renamed);
        migrate_components(backend, renamed);
    }
}

fn migrate_components(owner: &mut Map<String, Value>, renamed: &mut Vec<String>) {
    let Some(Value::Object(components)) = owner.get_mut("extra_config") else { return };
    for (short, long) in NAMESPACES_OF_2 {
        rename(components, long, short, renamed);
    }
    for (component, old, new) in COMPONENT_NAMES {
        for spelling in std::iter::once(component).chain(aliases(component)) {
            if let Some(Value::Object(members)) = components.get_mut(spelling) {
                rename(members, old, new, renamed);
            }
        }
    }
}

/// The objects of a list member; a lone object counts as a list of one.
fn objects<'a>(owner: &'a mut Map<String, Value>, key: &str) -> Vec<&'a mut Map<String, Value>> {
    match owner.get_mut(key) {
        Some(Value::Array(list)) => list.iter_mut().filter_map(Value::as_object_mut).collect(),
        Some(Value::Object(lone)) => vec![lone],
        _ => Vec::new(),
    }
}

fn rename_all(members: &mut Map<String, Value>, names: &[(&str, &str)], renamed: &mut Vec<String>) {
    for (old, new) in names {
        rename(members, old, new, renamed);
    }
}

fn rename(members: &mut Map<String, Value>, old: &str, new: &str, renamed: &mut Vec<String>) {
    if members.contains_key(new) {
        return;
    }
    if let Some(value) = members.remove(old) {
        members.insert(new.to_owned(), value);
        renamed.push(format!("{old} to {new}"));
    }
}
