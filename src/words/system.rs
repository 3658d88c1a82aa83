//! Errors of the operating system.

use std::io::{self, ErrorKind as Kind};

use rustix::io::Errno;

/// The error of the system.
pub(crate) fn system(error: &io::Error) -> String {
    let numbered = error.raw_os_error();
    let known = match numbered.map(Errno::from_raw_os_error) {
        Some(Errno::MFILE | Errno::NFILE) => Some("too many files are open; raise the limit (`ulimit -n`)"),
        Some(Errno::IO) => Some("the disk fails"),
        _ => of_kind(error.kind()),
    };
    match (known, numbered) {
        (Some(words), _) => words.to_owned(),
        (None, Some(number)) => format!("the system refuses it, with error {number}"),
        (None, None) => "the system refuses it".to_owned(),
    }
}

/// Like [`system`].
pub(crate) fn errno(error: Errno) -> String {
    system(&error.into())
}

fn of_kind(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::NotFound => "there is no such file or folder",
        Kind::PermissionDenied => "the user whom usher runs as may not do that",
        Kind::AlreadyExists => "there is something of that name already",
        Kind::IsADirectory => "it is a folder, and no file",
        Kind::NotADirectory => "a part of its path is no folder",
        Kind::DirectoryNotEmpty => "the folder is not empty",
        Kind::ReadOnlyFilesystem => "the file system is read-only",
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => "the disk is full",
        Kind::InvalidData => "it is no text in UTF-8",
        Kind::InvalidFilename => "no file can have that name",
        Kind::ResourceBusy | Kind::WouldBlock => "another process holds it",
        Kind::OutOfMemory => "this machine has no memory left",
        Kind::AddrInUse => "it is in use by somebody else",
        Kind::AddrNotAvailable => "this machine does not have that address",
        Kind::ConnectionRefused => "nothing listens there (connection refused)",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::NotConnected => {
            "the other side has hung up"
        }
        Kind::UnexpectedEof => "it ends too early",
        Kind::TimedOut => "nobody answers in time",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => "no way in the network leads there",
        Kind::Interrupted => "it was interrupted",
        _ => return None,
    })
}
