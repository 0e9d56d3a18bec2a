//! A file, the gateway that runs it, and the upstream behind it.

use std::{
    cell::OnceCell,
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
};

use serde_json::Value;

use super::case::Case;
use crate::{
    client::Answer,
    gnomon::{Folder, Gnomon, complete, free_address},
    secure::{Authority, Identity, Relay},
    upstream::{Seen, Upstream},
};

/// One run of a case. The gateway starts when it is first asked for.
pub(super) struct Scene {
    file: Value,
    arguments: Vec<&'static str>,
    pub(super) upstream: Upstream,
    nowhere: Upstream,
    /// Whoever vouches for the certificates of this scene.
    pub(super) authority: Authority,
    relay: OnceCell<Relay>,
    folder: Folder,
    other_port: u16,
    gateway: OnceCell<Gnomon>,
}

impl Scene {
    pub(super) fn new(case: &Case, file: Value) -> Self {
        let (mut default, mut paths) = (None, Vec::new());
        for (path, behaviour) in &case.upstream {
            match *path {
                "" => default = Some(behaviour.clone()),
                _ => paths.push((path, behaviour.clone())),
            }
        }
        let upstream = Upstream::behaving(default.expect("every case has an upstream"));
        for (path, behaviour) in paths {
            upstream.change(path, behaviour);
        }
        let scene = Self {
            file,
            arguments: case.arguments.clone(),
            upstream,
            nowhere: Upstream::refuses(),
            authority: Authority::new("scene"),
            relay: OnceCell::new(),
            folder: Folder::new(),
            other_port: free_address().port(),
            gateway: OnceCell::new(),
        };
        for (name, text) in &case.files {
            scene.folder.file(name, &scene.filled(text, scene.other_port, scene.upstream.address()));
        }
        scene
    }

    /// The running gateway.
    pub(super) fn gateway(&self) -> &Gnomon {
        self.gateway.get_or_init(|| {
            Gnomon::run_as(|port, admin| {
                let path = self.write(port, admin);
                let typed = self.arguments.iter().map(|argument| self.filled(argument, port, admin));
                ["run", "-c", &path].map(OsString::from).into_iter().chain(typed.map(OsString::from)).collect()
            })
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

    /// What a command like `check` or `routes` prints about the file, on either stream.
    pub(super) fn command(&self, name: &str) -> String {
        let address = free_address();
        let output = complete(&[name, "-c", &self.write(address.port(), address)]);
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
    }

    /// The folder of the scene's files.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A port that is not the gateway's.
    pub(super) fn other_port(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.other_port).into()
    }

    /// Writes the configuration and returns its path.
    fn write(&self, port: u16, admin: SocketAddr) -> String {
        self.folder.file("krakend.json", &self.placed(&self.file, port, admin).to_string())
    }

    fn placed(&self, value: &Value, port: u16, admin: SocketAddr) -> Value {
        match value {
            Value::String(text) => match text.as_str() {
                "{port}" => port.into(),
                "{other_port}" => self.other_port.into(),
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

    fn filled(&self, text: &str, port: u16, admin: SocketAddr) -> String {
        let folder = self.folder.path("");
        let mut filled = text
            .replace("{upstream}", &self.upstream.host())
            .replace("{nowhere}", &self.nowhere.host())
            .replace("{folder}/", folder.to_str().expect("temporary paths are text"))
            .replace("{other_port}", &self.other_port.to_string())
            .replace("{port}", &port.to_string())
            .replace("{admin}", &admin.to_string());
        if filled.contains("{secure}") {
            filled = filled.replace("{secure}", &self.relay().host());
        }
        filled
    }

    /// The upstream behind TLS, with a certificate of the scene's authority.
    fn relay(&self) -> &Relay {
        let shown: fn(&Authority) -> Identity = |authority| authority.issue(&["127.0.0.1"]);
        self.relay.get_or_init(|| Relay::before(&self.upstream, &shown(&self.authority), None))
    }
}
