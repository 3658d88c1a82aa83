//! Files that commands send.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::Error;

/// The bytes of the file at `path`, in whatever encoding; `-` is standard input.
///
/// # Errors
/// [`Error::File`] if it can't be read.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let (name, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        ("stdin".to_owned(), io::stdin().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), fs::read(path))
    };
    bytes.map_err(|error| Error::File { why: crate::words::system(&error), path: name })
}

/// The name for messages and the text of the file at `path`; `-` is standard input.
///
/// # Errors
/// [`Error::File`] if it can't be read.
pub fn read(path: &Path) -> Result<(String, String), Error> {
    let (name, text) = if path.as_os_str() == "-" {
        ("stdin".to_owned(), io::read_to_string(io::stdin()))
    } else {
        (path.display().to_string(), fs::read_to_string(path))
    };
    match text {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Error::File { why: crate::words::system(&error), path: name }),
    }
}
