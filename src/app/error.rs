//! Why usher does not start, each in one line.

use std::{fmt, io, net::SocketAddr, path::PathBuf};

/// One of the two listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The public one.
    Webhooks,
    /// The private one.
    Admin,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webhooks => "webhooks.listen",
            Self::Admin => "admin.listen",
        })
    }
}

/// Why usher can't start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener can't be bound.
    #[error("{what}: can't listen on {address}: {}; free the port or choose another", crate::words::system(error))]
    Listen {
        /// The listener.
        what: Listener,
        /// The address.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// A listener ended by itself.
    #[error("a listener ended by itself; see the log")]
    ListenerEnded,
    /// Threads can't be started.
    #[error("usher can't start its threads: {}; allow it more threads and open files", crate::words::system(.0))]
    Threads(io::Error),
    /// The data folder can't be used.
    #[error("data_dir: the folder {} can't be used: {}", .path.display(), crate::words::system(error))]
    DataDir {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process uses the data folder.
    #[error("data_dir: the folder {} is in use by another process; stop that one, or set another data_dir here", .0.display())]
    InUse(PathBuf),
    /// A restore did not end.
    #[error("data_dir: a restore of {} was broken off; run `usher restore` again, or remove the folder `restoring` in it to begin with an empty log", .0.display())]
    HalfRestored(PathBuf),
    /// There is too little room to start.
    #[error("data_dir: the disk of {} is full: {free} bytes are free, {needed} are needed to start; make room there", path.display())]
    DiskFull {
        /// The folder whose disk it is.
        path: PathBuf,
        /// The bytes that are free.
        free: u64,
        /// The bytes that have to be.
        needed: u64,
    },
    /// The admin token can't be had.
    #[error("{0}")]
    Token(#[from] crate::admin::Error),
    /// The key of the console's sessions can't be had.
    #[error("{0}")]
    Console(#[from] crate::console::Error),
    /// The log can't be opened.
    #[error("log: {0}")]
    Log(#[from] crate::log::Error),
    /// The state store can't be opened.
    #[error("data_dir: {0}")]
    Store(#[from] crate::store::Error),
    /// The views can't be opened.
    #[error("data_dir: {0}")]
    Views(#[from] crate::views::Error),
    /// The roster can't be opened.
    #[error("data_dir: {0}")]
    Roster(#[from] crate::roster::Error),
    /// The stored settings can't be read.
    #[error("log: the stored settings can't be read: {0}")]
    Settings(#[from] crate::settings::NotRead),
    /// The key for secrets of stored sources can't be had.
    #[error("data_dir: {0}")]
    SecretsKey(#[from] crate::sealed::KeyFileError),
    /// A source can't be set up.
    #[error("sources: {0}")]
    Connect(#[from] crate::products::ConnectError),
    /// Metrics can't be registered.
    #[error("metrics: {}", crate::words::metrics(.0))]
    Metrics(#[from] prometheus::Error),
    /// A component failed, and only a restart can help.
    #[error("{0}")]
    ComponentFailed(String),
    /// Parts that did not end in time were left behind.
    #[error("stopping: {} took too long and was left behind; work that was cut short comes again", .0.join(" and "))]
    LeftBehind(Vec<&'static str>),
    /// Starting was interrupted.
    #[error("starting was interrupted")]
    Interrupted,
}
