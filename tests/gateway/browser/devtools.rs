//! The DevTools protocol: commands with their answers, and what happens in between.

use serde_json::{Value, json};

use super::websocket::WebSocket;

/// A connection to a browser, attached to one of its pages.
pub(crate) struct DevTools {
    socket: WebSocket,
    session: Option<String>,
    last: u64,
    /// What happened, in order: (what, with what).
    pub(crate) events: Vec<(String, Value)>,
}

impl DevTools {
    /// Connects to a browser and opens an empty page.
    pub(crate) fn attach(url: &str) -> Self {
        let mut tools = Self { socket: WebSocket::open(url), session: None, last: 0, events: Vec::new() };
        let target = tools.ask("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = tools.ask("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        tools.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tools.ask(&format!("{domain}.enable"), &json!({}));
        }
        tools
    }

    /// Asks for something and waits for the answer.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(&command.to_string());
        loop {
            let mut message: Value = serde_json::from_str(&self.socket.receive()).expect("the browser speaks JSON");
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            if let Some(name) = message["method"].as_str().map(str::to_owned) {
                self.events.push((name, message["params"].take()));
            }
        }
    }
}
