//! The origin of the admin token.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{config, secret::Secret};

/// The file of a token that usher made, in `data_dir`.
pub const TOKEN_FILE: &str = "admin-token";
const ONLY_THE_OWNER: u32 = 0o600;

/// The token with which administrators authenticate.
#[derive(Debug, Clone)]
pub struct AdminToken {
    /// The token.
    pub secret: Secret,
    /// True the one time it may be shown: it has just been made.
    pub newly_made: bool,
}

/// Why there is no admin token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configured token is empty, and would let everybody in.
    #[error("admin.token is empty; give it a value, or leave it out and usher makes one")]
    Empty,
    /// The token file is empty.
    #[error("{0} is empty; delete it and usher makes a new token")]
    EmptyFile(PathBuf),
    /// The token file can't be read or written.
    #[error("the admin token can't be kept in {path}: {}", crate::words::system(error))]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The token from the configuration; otherwise the one in `data_dir/admin-token`, which is made if it does not exist.
///
/// # Errors
/// [`Error::Empty`] if the configured token is blank, [`Error::EmptyFile`] if the file is, [`Error::File`] if the file
/// can't be read or made.
pub fn token(config: &config::Admin, data_dir: &Path) -> Result<AdminToken, Error> {
    match &config.token {
        Some(secret) if secret.reveal().trim().is_empty() => Err(Error::Empty),
        Some(secret) => Ok(AdminToken { secret: secret.clone(), newly_made: false }),
        None => {
            let path = data_dir.join(TOKEN_FILE);
            let kept = read(&path).map_err(|error| Error::File { path: path.clone(), error })?;
            match kept.as_deref().map(str::trim) {
                Some("") => Err(Error::EmptyFile(path)),
                Some(token) => Ok(AdminToken { secret: Secret::new(token), newly_made: false }),
                None => make(&path).map_err(|error| Error::File { path, error }),
            }
        }
    }
}

/// The file's text, after taking it out of sight of others on this machine.
fn read(path: &Path) -> io::Result<Option<String>> {
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

/// Written aside and renamed, so that a crash leaves a whole token or none.
fn make(path: &Path) -> io::Result<AdminToken> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let token = hex::encode(rand::random::<[u8; 32]>());
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(ONLY_THE_OWNER).open(&aside)?;
    file.set_permissions(Permissions::from_mode(ONLY_THE_OWNER))?; // if a crash had left one of another mode
    // Written aside and renamed: a crash leaves no token, or a whole one.
    writeln!(file, "{token}")?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    Ok(AdminToken { secret: Secret::new(token), newly_made: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin(token: Option<&str>) -> config::Admin {
        config::Admin { token: token.map(Secret::new), ..config::Admin::at(([127, 0, 0, 1], 0).into()) }
    }

    #[test]
    fn a_configured_token_is_used_and_kept_nowhere() {
        let dir = tempfile::tempdir().expect("a folder");
        let token = token(&admin(Some("s3cret")), dir.path()).expect("a token");
        assert!(token.secret.matches(b"s3cret") && !token.newly_made);
        assert!(!dir.path().join(TOKEN_FILE).exists());
    }

    #[test]
    fn a_token_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let data_dir = dir.path().join("not-there-yet");
        let made = token(&admin(None), &data_dir).expect("a token");
        assert!(made.newly_made);
        assert_eq!(made.secret.reveal().len(), 64);
        let mode = || fs::metadata(data_dir.join(TOKEN_FILE)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);

        fs::set_permissions(data_dir.join(TOKEN_FILE), Permissions::from_mode(0o644)).expect("opened up");
        let found = token(&admin(None), &data_dir).expect("a token");
        assert!(!found.newly_made && found.secret.matches(made.secret.reveal().as_bytes()));
        assert_eq!(mode(), 0o600, "closed again");
    }

    #[test]
    fn two_tokens_are_not_alike() {
        let made = || {
            let dir = tempfile::tempdir().expect("a folder");
            token(&admin(None), dir.path()).expect("a token").secret.reveal().to_owned()
        };
        assert_ne!(made(), made());
    }

    #[test]
    fn an_empty_token_is_refused_with_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder");
        for empty in ["", " \n"] {
            assert!(matches!(token(&admin(Some(empty)), dir.path()), Err(Error::Empty)));
            fs::write(dir.path().join(TOKEN_FILE), empty).expect("written");
            let refused = token(&admin(None), dir.path()).expect_err("an empty file");
            assert!(refused.to_string().contains("delete it"), "{refused}");
        }
    }
}
