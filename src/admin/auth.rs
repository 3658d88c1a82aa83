//! The origin of the admin token.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{config, private_file, secret::Secret};

/// The file of a token that usher made, in `data_dir`.
pub const TOKEN_FILE: &str = "admin-token";

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
            let kept = private_file::read(&path).map_err(|error| Error::File { path: path.clone(), error })?;
            match kept.as_deref().map(str::trim) {
                Some("") => Err(Error::EmptyFile(path)),
                Some(token) => Ok(AdminToken { secret: Secret::new(token), newly_made: false }),
                None => make(&path).map_err(|error| Error::File { path, error }),
            }
        }
    }
}

fn make(path: &Path) -> io::Result<AdminToken> {
    let token = hex::encode(rand::random::<[u8; 32]>());
    private_file::make(path, &token)?;
    Ok(AdminToken { secret: Secret::new(token), newly_made: true })
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

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
