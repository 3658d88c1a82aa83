//! Files with schemes.

use std::path::PathBuf;

use clap::Args;

use super::super::{Error, input};
use crate::{config, domain::Scheme};

/// A file with schemes.
#[derive(Args)]
pub struct SchemeFile {
    /// A file with a key `schemes`, as in the configuration, or a list of schemes; YAML or JSON. `-` reads standard
    /// input.
    #[arg(long, short)]
    file: PathBuf,
}

impl SchemeFile {
    /// The schemes that it holds.
    ///
    /// # Errors
    /// [`Error::File`] if it can't be read, [`Error::Problems`] if it is not a list of schemes.
    pub fn read(&self) -> Result<Vec<Scheme>, Error> {
        read(&self.file)
    }
}

/// The schemes in the file at `path`; `-` is standard input.
///
/// # Errors
/// [`Error::File`] if it can't be read, [`Error::Problems`] if it is not a list of schemes.
pub fn read(path: &std::path::Path) -> Result<Vec<Scheme>, Error> {
    let (name, text) = input::read(path)?;
    config::read_schemes(&text, &name).map_err(|problems| Error::Problems(problems.to_string()))
}
