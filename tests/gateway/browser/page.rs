//! One page of a browser, as a test looks at it and uses it.

use std::{cell::RefCell, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::patience::{LIMIT, wait_for};

use super::devtools::DevTools;

/// See the module.
pub(crate) struct Page(RefCell<DevTools>);

impl Page {
    pub(super) fn new(tools: DevTools) -> Self {
        Self(RefCell::new(tools))
    }

    fn ask(&self, method: &str, parameters: &Value) -> Value {
        self.0.borrow_mut().ask(method, parameters)
    }

    /// Runs a script before each page that is opened from now on.
    pub(crate) fn prepare(&self, script: &str) {
        self.ask("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
    }

    /// Opens the dashboard.
    pub(crate) fn begin(&self, admin: SocketAddr) {
        self.ask("Page.navigate", &json!({ "url": format!("http://{admin}/") }));
    }

    /// Opens the dashboard and waits until it has its first figures.
    pub(crate) fn open(&self, admin: SocketAddr) {
        self.begin(admin);
        self.wait_for(
            "document.body && document.body.dataset.stream === 'connected' && !!document.querySelector('.view-title')",
        );
    }

    /// Shows a view by its address, and waits until it is there.
    pub(crate) fn show(&self, place: &str, title: &str) {
        self.run(&format!("location.hash = {}", json!(format!("#/{place}"))));
        self.wait_for(&format!(
            "document.querySelector('.view-title') && document.querySelector('.view-title').textContent.includes({}) \
             && decodeURIComponent(location.hash) === decodeURIComponent({})",
            json!(title),
            json!(format!("#/{place}"))
        ));
    }

    /// How large the window is, in pixels, and which colours it prefers.
    pub(crate) fn resize(&self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// What can be seen of it, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        self.run("document.documentElement.style.overflow = 'hidden'");
        let shot = self.ask("Page.captureScreenshot", &json!({ "format": "png" }));
        STANDARD.decode(shot["data"].as_str().expect("a text")).expect("the browser speaks base64")
    }

    /// What an expression comes to, promises included.
    pub(crate) fn run(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.ask("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&self, expression: &str) {
        let found = wait_for(|| (self.run(&format!("Boolean({expression})")) == true).then_some(()));
        assert!(found.is_some(), "not within {LIMIT:?}: {expression}\n{}\n{:#?}", self.text(), self.complaints());
    }

    /// All that can be read on the page.
    pub(crate) fn text(&self) -> String {
        self.run("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// The row of the table called so in which a cell is `head`, cell by cell; waits for it.
    pub(crate) fn row(&self, table: &str, head: &str) -> Vec<String> {
        let found = wait_for(|| self.rows(table).into_iter().find(|row| row.iter().any(|cell| cell == head)));
        found.unwrap_or_else(|| panic!("no {head} in {table} within {LIMIT:?}: {:?}", self.rows(table)))
    }

    fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let rows = self.run(&format!(
            "[...document.querySelectorAll('table')].filter((table) => table.caption && table.caption.textContent === {})\
             .flatMap((table) => [...table.tBodies[0].rows]).map((row) => [...row.cells].map((cell) => cell.textContent))",
            json!(table)
        ));
        serde_json::from_value(rows).expect("rows of texts")
    }

    /// Presses a key on what has the focus.
    pub(crate) fn press(&self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let text = if key == "Enter" && kind == "keyDown" { "\r" } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.ask("Input.dispatchKeyEvent", &event);
        }
    }

    /// Presses the button that says so.
    pub(crate) fn click(&self, label: &str) {
        let wanted = json!(label);
        self.run(&format!(
            "[...document.querySelectorAll('button')].find((button) => button.textContent === {wanted} && \
             button.checkVisibility()).click()"
        ));
    }

    /// What the page complained about: exceptions, errors in its console, violations of its policy.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let tools = self.0.borrow();
        let is_complaint = |(name, with): &&(String, Value)| match name.as_str() {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => with["type"] == "error" || with["type"] == "warning",
            "Log.entryAdded" => with["entry"]["level"] == "error",
            _ => false,
        };
        tools.events.iter().filter(is_complaint).map(|(_, with)| with.to_string()).collect()
    }

    /// Every address that was asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        // An answer to anything brings what has happened until then.
        self.run("0");
        let tools = self.0.borrow();
        let sent = tools.events.iter().filter(|(name, _)| name == "Network.requestWillBeSent");
        sent.filter_map(|(_, with)| with["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// What axe-core finds that keeps people from using the page.
    pub(crate) fn barriers(&self) -> Value {
        self.run(concat!(include_str!("axe.min.js"), "; true"));
        self.run(
            "axe.run().then((found) => found.violations.map((one) => \
             [one.id, one.impact, one.nodes.map((node) => node.html.slice(0, 200) + ' ' + node.failureSummary)]))",
        )
    }
}
