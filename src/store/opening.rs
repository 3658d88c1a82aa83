//! Opening the database of the state store, and setting a damaged one aside.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Error,
    sled_files::{Found, is_in_use, prepare},
    table::is_damage,
};

const IDENTITY: &[u8] = b"log-identity";
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// A database that is open, and belongs to the log.
pub(super) struct Opened {
    pub db: sled::Db,
    /// Whether it was of another log, and was emptied.
    pub was_emptied: bool,
}

/// Why a database is not open.
pub(super) enum Failure {
    InUse,
    Folder(io::Error),
    Damaged,
}

/// Opens the database of `config` for the log named `log_identity`. sled lets go of its lock a moment after the last
/// handle is dropped: a restart must not trip over that.
///
/// # Errors
/// [`Failure::InUse`] if another process has it open for long; [`Failure::Folder`] if the folder can't be read or
/// written; [`Failure::Damaged`] if only a new one helps.
pub(super) fn open_patiently(config: &sled::Config, log_identity: &str) -> Result<Opened, Failure> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match open_caught(config, log_identity) {
            Err(Failure::InUse) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
}

/// Opens the database at once. sled 0.34 panics on some damaged files: a panic while opening is damage like any other.
///
/// # Errors
/// As [`open_patiently`].
pub(super) fn open_caught(config: &sled::Config, log_identity: &str) -> Result<Opened, Failure> {
    let dir = config.get_path();
    let (folder, config, log_identity) = (dir.clone(), config.clone(), log_identity.to_owned());
    let opening = std::thread::Builder::new()
        .name("open-state".into())
        .spawn(move || match prepare(&folder)? {
            Found::Damaged => Ok(None),
            Found::Usable => {
                let db = config.open()?;
                let was_emptied = belong_to(&db, &log_identity)?;
                Ok(Some(Opened { db, was_emptied }))
            }
        })
        .map_err(Failure::Folder)?;
    match opening.join() {
        Ok(Ok(Some(opened))) => Ok(opened),
        Ok(Err(error)) if !is_damage(&error) && is_in_use(&dir) => Err(Failure::InUse),
        Ok(Err(sled::Error::Io(error))) if !is_damage(&sled::Error::Io(io::Error::from(error.kind()))) => {
            Err(Failure::Folder(error))
        }
        Ok(Ok(None) | Err(_)) | Err(_) => Err(Failure::Damaged),
    }
}

/// Makes `db` one of the log named `log_identity`. Tells whether it was one of another log before. Each table is read
/// from, so that damage to what sled reads first is noticed now.
fn belong_to(db: &sled::Db, log_identity: &str) -> sled::Result<bool> {
    let known = db.get(IDENTITY)?;
    let is_known = known.as_deref() == Some(log_identity.as_bytes());
    for name in db.tree_names() {
        let table = db.open_tree(name)?;
        if is_known { drop(table.first()?) } else { table.clear()? }
    }
    if !is_known {
        db.insert(IDENTITY, log_identity.as_bytes())?;
        db.flush()?;
    }
    Ok(known.is_some() && !is_known)
}

/// Moves the folder of a damaged store to `<dir>.set-aside-<n>`, and makes a new one.
///
/// # Errors
/// [`Error::Folder`] if the folder can't be moved or made.
pub(super) fn set_aside(dir: &Path) -> Result<PathBuf, Error> {
    let free = (1..).map(|n| {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".set-aside-{n}"));
        PathBuf::from(name)
    });
    let aside = free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| dir.with_extension("set-aside"));
    fs::rename(dir, &aside)
        .and_then(|()| fs::create_dir_all(dir))
        .map_err(|error| Error::Folder { path: dir.to_owned(), error })?;
    Ok(aside)
}
