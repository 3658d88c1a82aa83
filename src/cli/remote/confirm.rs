//! Asking before something is done that can't be undone.

use std::io::{IsTerminal, Write, stderr, stdin};

use clap::Args;

use super::{Error, output::plain};

/// The option of commands that ask before they do something.
#[derive(Debug, Clone, Copy, Args)]
pub struct Sure {
    /// Don't ask. Needed without a terminal.
    #[arg(long, short)]
    yes: bool,
}

impl Sure {
    /// Whether it is to be done; `what` is a sentence without a full stop.
    ///
    /// # Errors
    /// [`Error::Unconfirmed`] if there is no terminal to ask at, [`Error::Output`] if it can't be written or read.
    pub fn is_wanted(self, what: &str) -> Result<bool, Error> {
        if self.yes {
            return Ok(true);
        }
        if !stdin().is_terminal() || !stderr().is_terminal() {
            return Err(Error::Unconfirmed(format!("{what}: nobody can be asked here; write --yes if you want that")));
        }
        write!(stderr(), "{}. Do you want that? [y/N] ", plain(what))?;
        stderr().flush()?;
        let mut answer = String::new();
        stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}
