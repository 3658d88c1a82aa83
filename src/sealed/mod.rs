//! Secrets that usher keeps itself: sealed with AES-256-GCM by a key that is not where they are.
//!
//! A sealed secret is bound to its [`Place`]. Whoever can write the log can't move the token of one source to another
//! one, whose address is theirs.

mod key_file;

pub use key_file::{KEY_FILE, KeyFileError, key_in};

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
};

use crate::secret::Secret;

/// The form of a sealed secret, so that another one can follow.
const FORM: &str = "sealed1";
/// The length of a key, in bytes.
const KEY_LEN: usize = 32;
/// The length of a key's id, in bytes. It is no secret: it tells which key is needed.
const ID_LEN: usize = 8;

/// The key that seals and opens.
pub struct SecretsKey {
    key: LessSafeKey,
    id: [u8; ID_LEN],
}

/// The place of a secret. It opens there and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'p> {
    /// The id of the source.
    pub source: &'p str,
    /// The address that it is sent to.
    pub base_url: &'p str,
    /// The key in the source: `auth.bearer`.
    pub field: &'p str,
}

/// Why a secret can't be sealed or opened. No text here holds a secret or a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text of the key has another form.
    #[error("a key is 64 hexadecimal digits; make one with `openssl rand -hex 32`")]
    Key,
    /// The machine gives no random numbers.
    #[error("this machine gives no random numbers")]
    NoRandom,
    /// The text is no sealed secret.
    #[error("this is no sealed secret of a form that this usher knows; a later version may have written it")]
    Form,
    /// It was sealed with another key.
    #[error("it was sealed with another key; give usher the `secrets_key` of that time, or write the secret anew")]
    OtherKey,
    /// It was changed, or belongs elsewhere.
    #[error("it was changed, or sealed for another source, address or field; write the secret anew")]
    NotHere,
}

impl SecretsKey {
    /// The key with these hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::Key`] if `text` is not 64 of them.
    pub fn parse(text: &Secret) -> Result<Self, Error> {
        let mut bytes = [0; KEY_LEN];
        hex::decode_to_slice(text.reveal().trim(), &mut bytes).map_err(|_| Error::Key)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| Error::Key)?);
        let mut id = [0; ID_LEN];
        let named = digest(&SHA256, &[b"usher secrets key ".as_slice(), bytes.as_slice()].concat());
        id.iter_mut().zip(named.as_ref()).for_each(|(to, from)| *to = *from);
        Ok(Self { key, id })
    }

    /// The digits of a new key.
    ///
    /// # Errors
    /// [`Error::NoRandom`] if the machine gives no random numbers.
    pub fn random() -> Result<Secret, Error> {
        let mut bytes = [0; KEY_LEN];
        SysRng.try_fill_bytes(&mut bytes).map_err(|_| Error::NoRandom)?;
        Ok(Secret::new(hex::encode(bytes)))
    }

    /// Seals `secret` for `place`. The nonce is random: with fewer than 2³² secrets a key is never used twice with one.
    ///
    /// # Errors
    /// [`Error::NoRandom`] if the machine gives no random numbers.
    pub fn seal(&self, secret: &Secret, place: Place<'_>) -> Result<String, Error> {
        let mut nonce = [0; NONCE_LEN];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| Error::NoRandom)?;
        let mut text = secret.reveal().as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        // The only error is a text of more than 64 GiB.
        self.key.seal_in_place_append_tag(unique, place.bound(), &mut text).map_err(|_| Error::Form)?;
        let sealed = STANDARD_NO_PAD.encode([nonce.as_slice(), &text].concat());
        Ok(format!("{FORM}.{}.{sealed}", hex::encode(self.id)))
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// [`Error::Form`] if it is no sealed secret, [`Error::OtherKey`] if it needs another key, [`Error::NotHere`] if it
    /// was changed or belongs elsewhere.
    pub fn open(&self, sealed: &str, place: Place<'_>) -> Result<Secret, Error> {
        let (id, sealed) =
            sealed.strip_prefix(FORM).and_then(|rest| rest.strip_prefix('.')?.split_once('.')).ok_or(Error::Form)?;
        let sealed = STANDARD_NO_PAD.decode(sealed).map_err(|_| Error::Form)?;
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Error::Form)?;
        if id != hex::encode(self.id) {
            return Err(Error::OtherKey);
        }
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, place.bound(), &mut text).map_err(|_| Error::NotHere)?;
        std::str::from_utf8(opened).map(Secret::new).map_err(|_| Error::NotHere)
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsKey").field("id", &hex::encode(self.id)).finish_non_exhaustive()
    }
}

impl Place<'_> {
    /// The data that a sealed secret is bound to. Each part has its length before it, so no two places have the same.
    fn bound(&self) -> Aad<Vec<u8>> {
        let part = |text: &str| [(text.len() as u64).to_be_bytes().as_slice(), text.as_bytes()].concat();
        Aad::from([part(self.source), part(self.base_url), part(self.field)].concat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Place<'_> = Place { source: "acme", base_url: "https://jira.acme.example/", field: "auth.bearer" };

    fn key(digit: char) -> SecretsKey {
        SecretsKey::parse(&Secret::new(digit.to_string().repeat(64))).unwrap()
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_for_and_nowhere_else() {
        let (other, key, secret) = (key('b'), key('a'), Secret::new("the token"));
        let sealed = key.seal(&secret, HERE).unwrap();
        assert!(!sealed.contains("token"), "{sealed}");
        assert_eq!(key.open(&sealed, HERE), Ok(secret.clone()));
        assert_ne!(key.seal(&secret, HERE).unwrap(), sealed, "the nonce is another one");
        for elsewhere in [
            Place { source: "evil", ..HERE },
            Place { base_url: "https://evil.example/", ..HERE },
            Place { field: "auth.basic.password", ..HERE },
            Place { source: "acmehttps://jira.acme.example/", base_url: "", ..HERE },
        ] {
            assert_eq!(key.open(&sealed, elsewhere), Err(Error::NotHere), "{elsewhere:?}");
        }
        assert_eq!(other.open(&sealed, HERE), Err(Error::OtherKey));
    }

    #[test]
    fn a_key_is_64_digits_and_is_never_printed() {
        for bad in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert_eq!(SecretsKey::parse(&Secret::new(bad)).map(|_| ()), Err(Error::Key), "{bad}");
        }
        let random = SecretsKey::random().unwrap();
        assert_ne!(random, SecretsKey::random().unwrap());
        let spaced = Secret::new(format!(" {}\n", random.reveal()));
        assert!(!format!("{:?}", SecretsKey::parse(&spaced).unwrap()).contains(random.reveal()));
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_any_flipped_bit_is_refused(text in "\\PC{0,200}", bit in 0_usize..4_000) {
            let key = key('c');
            let sealed = key.seal(&Secret::new(text.as_str()), HERE).unwrap();
            let opened = key.open(&sealed, HERE).unwrap();
            prop_assert_eq!(opened.reveal(), text.as_str());
            let mut forged = sealed.clone().into_bytes();
            let bit = bit % (forged.len() * 8);
            forged[bit / 8] ^= 1 << (bit % 8);
            // Bits at the end of base64 may mean nothing; they are refused too.
            prop_assert!(std::str::from_utf8(&forged).map_or(true, |forged| key.open(forged, HERE).is_err()));
        }

        #[test]
        fn any_text_that_is_no_sealed_secret_is_an_error(text in "\\PC{0,80}") {
            prop_assert!(key('d').open(&text, HERE).is_err());
            let form = format!("sealed1.{text}");
            prop_assert!(key('d').open(&form, HERE).is_err());
        }
    }
}
