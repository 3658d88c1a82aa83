//! The tokens that let somebody in.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::Principal;
use crate::{
    domain::{Actor, Channel, Role, SourceScope},
    secret::Secret,
};

/// The name of the token `admin.token`, or of the one that usher makes.
pub const ADMIN: &str = "admin";

/// The digest by which a token is known. Another token of the same name has another one, so a session that keeps it ends
/// when the token is changed.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest of a token as it is sent.
    fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Takes the bytes that [`as_bytes`](Self::as_bytes) gave.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept in sealed form alone.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compares in constant time.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Fingerprint {}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

/// A token, and whom it lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    name: Actor,
    role: Role,
    sources: SourceScope,
    fingerprint: Fingerprint,
}

impl Token {
    /// A token; only the digest of its secret is kept.
    pub fn new(name: Actor, role: Role, sources: SourceScope, secret: &Secret) -> Self {
        Self { name, role, sources, fingerprint: Fingerprint::of(secret.reveal().as_bytes()) }
    }

    /// The bytes that a session keeps of it.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whom it lets in, on that way.
    pub fn principal(&self, via: Channel) -> Principal {
        Principal::new(self.name.clone(), self.role, self.sources.clone(), via)
    }
}

/// All tokens.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// These tokens. Two of the same secret must not be among them; if they are, the later one counts.
    pub const fn new(tokens: Vec<Token>) -> Self {
        Self(tokens)
    }

    /// The token that was presented. Takes the same time for each wrong token and for each right one: all are compared,
    /// by their digests.
    pub fn find(&self, presented: &[u8]) -> Option<&Token> {
        let presented = Fingerprint::of(presented);
        let (mut found, mut place) = (Choice::from(0), 0_u64);
        for (number, token) in (0_u64..).zip(&self.0) {
            let same = token.fingerprint.0.ct_eq(&presented.0);
            place.conditional_assign(&number, same);
            found |= same;
        }
        let place = usize::try_from(place).ok()?;
        self.0.get(place).filter(|_| bool::from(found))
    }

    /// The token that a session began with, if it is still the same one. Role and sources are those of now.
    pub fn still(&self, name: &Actor, fingerprint: &Fingerprint) -> Option<&Token> {
        self.0.iter().find(|token| token.name == *name && token.fingerprint == *fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, role: Role, secret: &str) -> Token {
        Token::new(name.parse().expect("a name"), role, SourceScope::All, &Secret::new(secret))
    }

    fn found(tokens: &Tokens, presented: &[u8]) -> Option<(String, Role)> {
        let principal = tokens.find(presented)?.principal(Channel::Api);
        Some((principal.name.to_string(), principal.role))
    }

    #[test]
    fn a_token_lets_in_whom_it_is_of_and_another_one_nobody() {
        let tokens = Tokens::new(vec![
            token(ADMIN, Role::Admin, "s3cret"),
            token("ci", Role::Operator, "s3cret2"),
            token("board", Role::Viewer, "x"),
        ]);
        assert_eq!(found(&tokens, b"s3cret"), Some(("admin".into(), Role::Admin)));
        assert_eq!(found(&tokens, b"s3cret2"), Some(("ci".into(), Role::Operator)));
        assert_eq!(found(&tokens, b"x"), Some(("board".into(), Role::Viewer)));
        for wrong in [&b""[..], b"s3cre", b"s3cret ", b"S3CRET", b"\xff"] {
            assert_eq!(found(&tokens, wrong), None, "{wrong:?}");
        }
        assert_eq!(found(&Tokens::default(), b""), None);
    }

    #[test]
    fn a_session_ends_when_its_token_is_changed_or_gone() {
        let before = token("ci", Role::Operator, "old");
        let (name, fingerprint) = (before.name.clone(), before.fingerprint());
        let kept = Fingerprint::from_bytes(*fingerprint.as_bytes());
        let lesser = Tokens::new(vec![token("ci", Role::Viewer, "old")]);
        assert_eq!(lesser.still(&name, &kept).map(|token| token.role), Some(Role::Viewer), "the role of now");
        assert_eq!(Tokens::new(vec![token("ci", Role::Operator, "new")]).still(&name, &kept), None);
        assert_eq!(Tokens::new(vec![token("cd", Role::Operator, "old")]).still(&name, &kept), None);
    }

    #[test]
    fn nothing_of_a_token_is_printed() {
        let printed = format!("{:?}", token("ci", Role::Viewer, "hunter2"));
        assert!(!printed.contains("hunter2") && printed.contains("Fingerprint(…)"), "{printed}");
    }
}
