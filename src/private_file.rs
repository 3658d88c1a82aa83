//! Files with a secret that usher makes and keeps in `data_dir`, readable by their owner alone.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

const ONLY_THE_OWNER: u32 = 0o600;

/// The text of the file at `path`, after taking it out of sight of others on this machine; none if there is no file.
///
/// # Errors
/// The error of the system if it can't be read, or its permissions can't be set.
pub(crate) fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            // A file that is private already may be another's, or on a disk that can't be written to.
            if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(path, Permissions::from_mode(ONLY_THE_OWNER))?;
            }
            Ok(Some(text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a file at `path` with `secret` in one line, and its folder. It is written aside and renamed: a crash leaves no
/// file, or a whole one.
///
/// # Errors
/// The error of the system if it can't be written.
pub(crate) fn make(path: &Path, secret: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(ONLY_THE_OWNER).open(&aside)?;
    file.set_permissions(Permissions::from_mode(ONLY_THE_OWNER))?; // if a crash had left one of another mode
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    fs::rename(&aside, path)
}
