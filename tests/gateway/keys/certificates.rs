//! The certificates of all cases, made once: who vouches for whom, and what a scene's folder has of them.

use std::sync::LazyLock;

use crate::{
    gnomon::Folder,
    secure::{Authority, Identity},
};

/// Everything there is.
pub(super) struct Certificates {
    /// Vouches for servers: `ca.pem`.
    pub(super) ours: Authority,
    /// Vouches for clients: `clients.pem`.
    pub(super) theirs: Authority,
    /// A server by the names `localhost` and `127.0.0.1`: `server.pem`, `server.key`.
    pub(super) server: Identity,
    /// Another one by the same names: `other.pem`, `other.key`.
    pub(super) other: Identity,
    /// A client: `client.pem`, `client.key`.
    pub(super) client: Identity,
}

impl Certificates {
    /// The same for all.
    pub(super) fn all() -> &'static Self {
        static ALL: LazyLock<Certificates> = LazyLock::new(|| {
            let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
            let names = ["localhost", "127.0.0.1"];
            Certificates {
                server: ours.issue(&names),
                other: ours.issue(&names),
                client: theirs.issue(&["client"]),
                ours,
                theirs,
            }
        });
        &ALL
    }

    /// Writes every file.
    pub(super) fn write(&self, folder: &Folder) {
        self.ours.write(folder, "ca.pem");
        self.theirs.write(folder, "clients.pem");
        for (identity, name) in [(&self.server, "server"), (&self.other, "other"), (&self.client, "client")] {
            identity.write(folder, name);
        }
    }
}
