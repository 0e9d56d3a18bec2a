//! `telemetry/opentelemetry` over real sockets: receivers of OTLP that are told, and what they are told.

mod connections;
mod figures;
mod losses;
mod receiver;
mod redirects;
mod restarts;
mod told;
mod traces;

pub(crate) use receiver::{Manner, Receiver};
pub(crate) use told::{Series, Told, find};

use serde_json::{Value, json};

use crate::files::{service, with};

/// A file whose component has these exporters of OTLP and more of its keys.
fn recorded(exporters: &[Value], keys: &Value, endpoints: &[Value]) -> Value {
    let component = with(json!({ "exporters": { "otlp": exporters } }), keys);
    // A busy machine must not hold copies back.
    let extra = json!({ "telemetry/opentelemetry": component, "@shadow": { "overload": "off" } });
    with(service(endpoints), &json!({ "extra_config": extra }))
}
