//! `usher restore`: a data folder from a backup.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, BufReader, Read, Write, stdin, stdout},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::{FAILED, USAGE, complain, serve};
use crate::{
    app,
    backup::{self, Summary},
};

/// The backup and the folder for it.
#[derive(Args)]
pub(super) struct Restore {
    /// The backup; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The data folder (`data_dir`) to make: a new one, or one that is empty.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The backup or the folder can't be used.
    #[error("{0}")]
    Backup(#[from] backup::Error),
    /// The folder is in use.
    #[error("{0}")]
    App(#[from] app::Error),
    /// A file or folder can't be used.
    #[error("{}: {}", path.display(), crate::words::system(error))]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Error {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Backup(backup::Error::NotEmpty(_) | backup::Error::NotABackup) | Self::File { .. } => USAGE,
            Self::Backup(_) | Self::App(_) => FAILED,
        }
    }
}

/// Restores the backup, and prints its contents to stdout.
pub(super) fn run(asked: &Restore) -> ExitCode {
    serve::make_private();
    match restore(asked) {
        Ok(Summary { records, made, .. }) => {
            let line = format!("{}: {records} records, as of {made}", asked.to.display());
            // The folder is there, even if nobody reads this line.
            let _ = writeln!(stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(error) => complain(&error, error.exit_code()),
    }
}

fn restore(asked: &Restore) -> Result<Summary, Error> {
    let of = |path: &Path, error| Error::File { path: path.to_owned(), error };
    let from: Box<dyn Read> = if asked.from.as_os_str() == "-" {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(&asked.from).map_err(|error| of(&asked.from, error))?)
    };
    let is_new = !asked.to.exists();
    if is_new {
        DirBuilder::new().recursive(true).mode(0o700).create(&asked.to).map_err(|error| of(&asked.to, error))?;
    }
    let held = app::hold_data_folder(&asked.to)?;
    let restored = backup::restore(BufReader::new(from), &asked.to);
    if restored.is_err() && is_new {
        // Removes only what was made here: the lock and the folder itself.
        let _ = fs::remove_file(asked.to.join(app::LOCK)).and_then(|()| fs::remove_dir(&asked.to));
    }
    drop(held);
    Ok(restored?)
}
