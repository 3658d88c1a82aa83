//! The key of sessions: seals cookies, and makes the tokens of forms.

use std::{
    io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde::{Serialize, de::DeserializeOwned};

use super::Session;
use crate::{oidc::Attempt, private_file};

/// The file of the key that usher makes, in `data_dir`.
const KEY_FILE: &str = "session-key";
/// A value that is sealed. One of another kind can't be read as it.
pub(super) trait Sealed: Serialize + DeserializeOwned {
    /// The kind. Another form gets another one.
    const MEANING: &'static [u8];
}

impl Sealed for Session {
    const MEANING: &'static [u8] = b"usher session 1";
}

impl Sealed for Attempt {
    const MEANING: &'static [u8] = b"usher sign-in 1";
}

/// Why there is no key of sessions.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not what usher wrote.
    #[error("{0} is not a key of sessions; delete it and usher makes a new one, which ends all sessions")]
    Damaged(PathBuf),
    /// The file can't be read or written.
    #[error("the key of sessions can't be kept in {path}: {}", crate::words::system(error))]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The key that usher made.
pub(in crate::console) struct MadeKey(Vec<u8>);

impl MadeKey {
    /// The one in `data_dir`, which is made if it does not exist.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file is no key, [`Error::File`] if it can't be read or made.
    pub(in crate::console) fn of(data_dir: &Path) -> Result<Self, Error> {
        kept(&data_dir.join(KEY_FILE)).map(Self)
    }

    /// The key.
    pub(in crate::console) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The keys of sessions, all made of one.
pub(in crate::console) struct Keys {
    seal: LessSafeKey,
    forms: hmac::Key,
}

impl Keys {
    /// Keys for two purposes, so that what one makes is of no use for the other.
    pub(in crate::console) fn from(key: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let derived = |purpose: &[u8]| hmac::sign(&key, purpose);
        let seal = UnboundKey::new(&AES_256_GCM, derived(b"usher: seal sessions").as_ref());
        let seal = LessSafeKey::new(seal.expect("SHA-256 gives as many bytes as the key has"));
        let forms = hmac::Key::new(hmac::HMAC_SHA256, derived(b"usher: forms").as_ref());
        Self { seal, forms }
    }

    /// `value`, sealed: nobody else can read it or make one.
    pub(super) fn seal<T: Sealed>(&self, value: &T) -> Option<String> {
        let mut bytes = serde_json::to_vec(value).ok()?;
        // Random nonces: a key would have to seal 2^32 values before two may be the same.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let sealing =
            self.seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(T::MEANING), &mut bytes);
        sealing.ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat()))
    }

    /// The sealed value; none if this key did not seal it.
    pub(super) fn open<T: Sealed>(&self, sealed: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let opening = self.seal.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(T::MEANING), &mut sealed);
        serde_json::from_slice(opening.ok()?).ok()
    }

    /// The token of the forms of a session.
    pub(in crate::console) fn form_token(&self, session: &Session) -> String {
        hex::encode(hmac::sign(&self.forms, session.id.as_bytes()))
    }

    /// Whether `token` is that of the session's forms. Takes the same time for each wrong one.
    pub(in crate::console) fn is_form_token(&self, session: &Session, token: &str) -> bool {
        let token = hex::decode(token).unwrap_or_default();
        hmac::verify(&self.forms, session.id.as_bytes(), &token).is_ok()
    }
}

/// The key in the file; a new one if there is no file.
fn kept(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::File { path: path.to_owned(), error };
    match private_file::read(path).map_err(failed)? {
        Some(text) => {
            let key = hex::decode(text.trim()).unwrap_or_default();
            if key.len() == 32 { Ok(key) } else { Err(Error::Damaged(path.to_owned())) }
        }
        None => made(path).map_err(failed),
    }
}

fn made(path: &Path) -> io::Result<Vec<u8>> {
    let key = rand::random::<[u8; 32]>();
    private_file::make(path, &hex::encode(key))?;
    Ok(key.to_vec())
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    use super::*;
    use crate::{
        admin::identity::Token,
        domain::{Role, SourceScope, Timestamp},
        secret::Secret,
    };

    fn session(id: &str) -> Session {
        let token = Token::new("ci".parse().expect("a name"), Role::Viewer, SourceScope::All, &Secret::new("s3cret"));
        Session { id: id.into(), ..Session::begin(&token, Timestamp::from_millis(5)) }
    }

    #[test]
    fn a_sealed_value_is_read_with_its_key_alone_and_says_nothing_to_others() {
        let keys = Keys::from(b"one");
        let sealed = keys.seal(&session("abc")).expect("sealed");
        assert_eq!(keys.open::<Session>(&sealed), Some(session("abc")));
        assert_ne!(keys.seal(&session("abc")).expect("sealed"), sealed, "two are never alike");
        assert_eq!(Keys::from(b"another").open::<Session>(&sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("text");
            // The last character holds bits that no byte has.
            assert!(place + 1 == sealed.len() || keys.open::<Session>(&changed).is_none(), "{place}");
        }
        for bad in ["", "A", "....", &"A".repeat(40), &"A".repeat(10_000)] {
            assert_eq!(keys.open::<Session>(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_value_is_never_read_as_one_of_another_kind() {
        #[derive(Serialize, serde::Deserialize)]
        struct Other(Session);
        impl Sealed for Other {
            const MEANING: &'static [u8] = b"another kind";
        }
        let keys = Keys::from(b"one");
        let sealed = keys.seal(&Other(session("abc"))).expect("sealed");
        assert!(keys.open::<Other>(&sealed).is_some());
        assert_eq!(keys.open::<Session>(&sealed), None);
    }

    #[test]
    fn the_token_of_a_form_is_that_of_its_session_alone() {
        let keys = Keys::from(b"one");
        let token = keys.form_token(&session("abc"));
        assert!(keys.is_form_token(&session("abc"), &token));
        assert!(!keys.is_form_token(&session("abd"), &token));
        assert!(!Keys::from(b"another").is_form_token(&session("abc"), &token));
        for bad in ["", "00", "zz", &token[..62]] {
            assert!(!keys.is_form_token(&session("abc"), bad), "{bad}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("not-there-yet").join(KEY_FILE);
        let made = kept(&path).expect("a key");
        let mode = || fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("opened up");
        assert_eq!(kept(&path).expect("a key"), made);
        assert_eq!(mode(), 0o600, "closed again");
        fs::write(&path, "").expect("written");
        assert!(kept(&path).expect_err("no key").to_string().contains("delete it"));
    }
}
