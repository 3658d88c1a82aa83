//! The key that usher makes itself, in `data_dir`.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{Error, SecretsKey};
use crate::secret::Secret;

/// The name of the file.
pub const KEY_FILE: &str = "secrets-key";
const ONLY_THE_OWNER: u32 = 0o600;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file can't be read or written.
    #[error("the key of sealed secrets can't be kept in {path}: {}", crate::words::system(error))]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file holds no key, or none can be made.
    #[error("{path}: {error}; without its key no sealed secret opens: restore it from a backup")]
    Key {
        /// The path.
        path: PathBuf,
        /// Why.
        error: Error,
    },
}

/// The key in `data_dir`; it is made if there is no file. One that is damaged is never replaced: what it sealed could not
/// be opened any more.
///
/// # Errors
/// [`KeyFileError`] if the file can't be read or made, or holds no key.
pub fn key_in(data_dir: &Path) -> Result<SecretsKey, KeyFileError> {
    let path = data_dir.join(KEY_FILE);
    let file = |error: io::Error| KeyFileError::File { path: path.clone(), error };
    let digits = match fs::read_to_string(&path) {
        Ok(digits) => {
            if fs::metadata(&path).map_err(file)?.permissions().mode() & 0o077 != 0 {
                fs::set_permissions(&path, Permissions::from_mode(ONLY_THE_OWNER)).map_err(file)?;
            }
            Secret::new(digits)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let digits = SecretsKey::random().map_err(|error| KeyFileError::Key { path: path.clone(), error })?;
            make(&path, &digits).map_err(file)?;
            digits
        }
        Err(error) => return Err(file(error)),
    };
    SecretsKey::parse(&digits).map_err(|error| KeyFileError::Key { path, error })
}

/// Written aside, synced and renamed: a crash leaves no key, or a whole one, and what is sealed with it comes later.
fn make(path: &Path, digits: &Secret) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(ONLY_THE_OWNER).open(&aside)?;
    file.set_permissions(Permissions::from_mode(ONLY_THE_OWNER))?; // if a crash had left one of another mode
    writeln!(file, "{}", digits.reveal())?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed::Place;

    #[test]
    fn a_key_is_made_once_for_the_owner_alone_and_a_damaged_one_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { source: "acme", base_url: "https://x.example/", field: "auth.bearer" };
        let sealed = key_in(folder.path()).unwrap().seal(&Secret::new("token"), place).unwrap();
        let path = folder.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, ONLY_THE_OWNER);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(key_in(folder.path()).unwrap().open(&sealed, place), Ok(Secret::new("token")));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, ONLY_THE_OWNER);
        fs::write(&path, "half a ke").unwrap();
        assert!(matches!(key_in(folder.path()), Err(KeyFileError::Key { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a ke");
    }
}
