//! The address of a running usher, and its token.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use url::Url;

use super::{Api, Error};
use crate::secret::Secret;

/// The usher to ask.
#[derive(Args)]
#[command(next_help_heading = "Which usher")]
pub struct Server {
    /// The address of its admin listener.
    #[arg(long, env = "USHER_URL", hide_env_values = true, default_value = "http://127.0.0.1:8081", global = true)]
    url: Url,
    /// A file that holds the admin token; without it, the variable USHER_TOKEN does.
    #[arg(long, env = "USHER_TOKEN_FILE", hide_env_values = true, value_name = "PATH", global = true)]
    token_file: Option<PathBuf>,
}

impl Server {
    /// The one at `url`, with the token in the file `token_file`, or in the variable USHER_TOKEN.
    pub fn new(url: Url, token_file: Option<&Path>) -> Self {
        Self { url, token_file: token_file.map(Path::to_owned) }
    }

    /// A client of it. No call is made yet.
    ///
    /// # Errors
    /// [`Error::File`] if the token file can't be read; those of [`Api::new`].
    pub fn api(&self) -> Result<Api, Error> {
        Api::new(self.url.clone(), self.token()?)
    }

    fn token(&self) -> Result<Option<Secret>, Error> {
        let text = match self.token_file.as_ref().filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| Error::File { path: path.display().to_string(), why: crate::words::system(&error) })?,
            None => env::var("USHER_TOKEN").unwrap_or_default(),
        };
        Ok(Some(text.trim()).filter(|token| !token.is_empty()).map(Secret::new))
    }
}
