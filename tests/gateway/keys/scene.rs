//! A file, the gateway that runs it, and the upstream behind it.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use rustls::version::{TLS12, TLS13};
use serde_json::Value;

use super::{case::Case, certificates::Certificates};
use crate::{
    client::Answer,
    gnomon::{Folder, Gnomon, complete, free_address},
    names::NameServer,
    secure::{Agreed, Relay},
    telemetry::{Manner, Receiver},
    upstream::{Deaf, Seen, Upstream},
};

/// One run of a case. The gateway starts when it is first asked for.
pub(super) struct Scene {
    file: Value,
    arguments: Vec<&'static str>,
    environment: Vec<(&'static str, &'static str)>,
    pub(super) upstream: Upstream,
    nowhere: Upstream,
    deaf: OnceCell<Deaf>,
    /// TLS before the upstream, by placeholder.
    relays: RefCell<BTreeMap<&'static str, Relay>>,
    names: OnceCell<NameServer>,
    /// Who is told by OTLP, over gRPC and over HTTP.
    told: [OnceCell<Receiver>; 2],
    folder: Folder,
    other_port: u16,
    gateway: OnceCell<Gnomon>,
}

impl Scene {
    pub(super) fn new(case: &Case, file: Value) -> Self {
        let scene = Self {
            file,
            arguments: case.arguments.clone(),
            environment: case.environment.clone(),
            upstream: Upstream::behaving(case.upstream.clone()),
            nowhere: Upstream::refuses(),
            deaf: OnceCell::new(),
            relays: RefCell::default(),
            names: OnceCell::new(),
            told: Default::default(),
            folder: Folder::new(),
            other_port: free_address().port(),
            gateway: OnceCell::new(),
        };
        for (path, behaviour) in &case.paths {
            scene.upstream.change(path, behaviour.clone());
        }
        for (name, text) in &case.files {
            scene.folder.file(name, &scene.text(text));
        }
        scene
    }

    /// The running gateway.
    pub(super) fn gateway(&self) -> &Gnomon {
        self.gateway.get_or_init(|| self.start(&self.arguments))
    }

    /// Another gateway over the same file, with these arguments.
    pub(super) fn start(&self, arguments: &[&str]) -> Gnomon {
        let environment: Vec<_> = self.environment.iter().map(|(name, value)| (*name, self.text(value))).collect();
        Gnomon::run_as(&environment, |port, admin| {
            let path = self.write(port, admin);
            let typed = arguments.iter().map(|argument| self.filled(argument, port, admin));
            ["run", "-c", &path].map(OsString::from).into_iter().chain(typed.map(OsString::from)).collect()
        })
    }

    /// One GET on a connection of its own.
    pub(super) fn get(&self, target: &str) -> Answer {
        self.gateway().get(target)
    }

    /// One request on a connection of its own.
    pub(super) fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.gateway().ask(method, target, headers, body)
    }

    /// The first request the upstream has seen so far, if any.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.upstream.seen().into_iter().next()
    }

    /// The first request the upstream has seen so far on a path (without query), if any.
    pub(super) fn seen_on(&self, path: &str) -> Option<Seen> {
        self.upstream.seen().into_iter().find(|seen| seen.target.split('?').next() == Some(path))
    }

    /// What a command like `check` or `routes` prints about the file, on either stream.
    pub(super) fn command(&self, words: &[&str]) -> String {
        let address = free_address();
        let path = self.write(address.port(), address);
        let output = complete(&[words, &["-c", &path]].concat());
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
    }

    /// What everything the program printed contains once a signal has ended it.
    pub(super) fn ended(&self) -> String {
        self.gateway().signal("TERM");
        self.gateway().wait_until_ended();
        self.gateway().output()
    }

    /// The name server of `{names}`; it knows one host, the upstream.
    pub(super) fn names(&self) -> &NameServer {
        self.names.get_or_init(|| NameServer::knowing(&[(0, 1, self.upstream.address().port())]))
    }

    /// The receiver behind `{grpc}`, or that behind `{http}`.
    pub(super) fn receiver(&self, is_http: bool) -> &Receiver {
        let [grpc, http] = &self.told;
        match is_http {
            false => grpc.get_or_init(|| Receiver::grpc(Manner::Takes)),
            true => http.get_or_init(|| Receiver::http(Manner::Takes)),
        }
    }

    /// What `{other_port}` is.
    pub(super) fn other_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.other_port).into()
    }

    /// The port of a host with a placeholder.
    pub(super) fn port_of(&self, host: &str) -> u16 {
        let filled = self.text(host);
        filled.rsplit(':').next().and_then(|port| port.parse().ok()).expect("hosts end with a port")
    }

    /// What the last caller of a host behind TLS agreed on with it.
    pub(super) fn agreed(&self, placeholder: &str) -> Option<Agreed> {
        self.relays.borrow().get(placeholder).and_then(Relay::agreed)
    }

    /// Where a file of this name is in `{folder}`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    /// Writes the configuration and returns its path.
    fn write(&self, port: u16, admin: SocketAddr) -> String {
        let text = self.placed(&self.file, port, admin).to_string();
        self.folder.file("krakend.json", &text)
    }

    fn placed(&self, value: &Value, port: u16, admin: SocketAddr) -> Value {
        match value {
            Value::String(text) => match text.as_str() {
                "{port}" => port.into(),
                "{other_port}" => self.other_port.into(),
                "{grpc}" => self.receiver(false).port().into(),
                "{http}" => self.receiver(true).port().into(),
                text => self.filled(text, port, admin).into(),
            },
            Value::Array(list) => list.iter().map(|element| self.placed(element, port, admin)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), self.placed(member, port, admin)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// A text whose placeholders do not depend on where the gateway listens.
    fn text(&self, text: &str) -> String {
        self.filled(text, self.other_port, self.other_address())
    }

    fn filled(&self, text: &str, port: u16, admin: SocketAddr) -> String {
        let folder = self.folder.path("");
        let mut filled = text
            .replace("{upstream}", &self.upstream.host())
            .replace("{nowhere}", &self.nowhere.host())
            .replace("{other_port}", &self.other_port.to_string())
            .replace("{port}", &port.to_string())
            .replace("{admin}", &admin.to_string());
        if filled.contains("{names}") {
            filled = filled.replace("{names}", &self.names().address().to_string());
        }
        if filled.contains("{deaf}") {
            filled = filled.replace("{deaf}", &self.deaf.get_or_init(Deaf::new).host());
        }
        if filled.contains("{folder}") {
            Certificates::all().write(&self.folder);
            filled = filled.replace("{folder}/", folder.to_str().expect("temporary paths are text"));
        }
        for name in ["{secure}", "{secure_1_2}", "{secure_1_3}", "{mutual}"] {
            if filled.contains(name) {
                let mut relays = self.relays.borrow_mut();
                let relay = relays.entry(name).or_insert_with(|| relay(name, &self.upstream));
                filled = filled.replace(name, &relay.host());
            }
        }
        filled
    }
}

/// The upstream behind TLS as a placeholder says.
fn relay(placeholder: &str, upstream: &Upstream) -> Relay {
    let certificates = Certificates::all();
    let versions = match placeholder {
        "{secure_1_2}" => &[&TLS12][..],
        "{secure_1_3}" => &[&TLS13][..],
        _ => rustls::ALL_VERSIONS,
    };
    let clients = (placeholder == "{mutual}").then_some(&certificates.theirs);
    Relay::speaking(versions, upstream, &certificates.server, clients)
}
