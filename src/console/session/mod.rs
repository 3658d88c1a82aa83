//! Sessions: who has signed in, kept by the browser in a sealed cookie.
//!
//! usher keeps no list of sessions. What a cookie says counts if this usher sealed it, it is young enough, nobody ended
//! it, and the token it began with is still the same, or the identity provider.

mod cookie;
mod keys;
pub(super) mod oidc;
mod person;
pub(super) mod sign_in;
pub(super) mod sign_out;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use cookie::{Cookies, value};
pub use keys::Error;
pub(super) use keys::{Keys, MadeKey};

use self::person::SignedIn;
use crate::{
    admin::{
        AdminState,
        identity::{Fingerprint, Principal, Token},
    },
    domain::{Actor, Channel, Timestamp},
};

/// A request makes a session younger only after this time, so that not every answer sets a cookie.
const RENEW_AFTER: Duration = Duration::from_secs(60);

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    /// Without a request.
    pub(super) idle: Duration,
    /// Since the sign-in.
    pub(super) at_most: Duration,
    /// The age of a sign-in up to which what can't be undone may be done.
    pub(super) again_after: Duration,
}

/// One session, as the cookie keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Made at the sign-in, never taken from a browser.
    pub(super) id: String,
    /// The name of the token, or of the person.
    pub(super) name: String,
    #[serde(flatten)]
    proof: Proof,
    /// The sign-in.
    pub(super) began: Timestamp,
    /// The last request that counts.
    seen: Timestamp,
}

/// The way in which somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Proof {
    /// By a token.
    Token {
        /// Its digest.
        token: String,
    },
    /// By the identity provider.
    Person(SignedIn),
}

impl Session {
    /// A session that begins now with `token`.
    fn begin(token: &Token, now: Timestamp) -> Self {
        let name = token.principal(Channel::Console).name.to_string();
        Self::by(name, Proof::Token { token: hex::encode(token.fingerprint().as_bytes()) }, now)
    }

    fn by(name: String, proof: Proof, now: Timestamp) -> Self {
        Self { id: hex::encode(rand::random::<[u8; 16]>()), name, proof, began: now, seen: now }
    }

    /// Stands for whoever signed in: sessions with the same one are ended together.
    pub(super) fn whose(&self) -> &str {
        match &self.proof {
            Proof::Token { .. } => &self.name,
            Proof::Person(person) => person.lasting_id(),
        }
    }

    /// Whether it has not outlived itself.
    fn is_young(&self, lifetimes: Lifetimes, now: Timestamp) -> bool {
        self.seen.until(now) <= lifetimes.idle && self.began.until(now) <= lifetimes.at_most
    }

    /// The person or token that signed in, with the role of now; none if the session has ended.
    pub(super) fn principal(&self, state: &AdminState, lifetimes: Lifetimes, now: Timestamp) -> Option<Principal> {
        let is_over = || state.settings().session_ended(&self.id, self.whose(), self.began);
        if !self.is_young(lifetimes, now) || is_over() {
            return None;
        }
        let name: Actor = self.name.parse().ok()?;
        match &self.proof {
            Proof::Token { token } => {
                let mut fingerprint = [0; 32];
                hex::decode_to_slice(token, &mut fingerprint).ok()?;
                let tokens = state.tokens();
                let token = tokens.still(&name, &Fingerprint::from_bytes(fingerprint))?;
                Some(token.principal(Channel::Console))
            }
            Proof::Person(person) => {
                let provider = state.oidc()?;
                person.principal(name, &provider)
            }
        }
    }

    /// The same after a request at `now`; none if the cookie of before is good enough.
    pub(super) fn renewed(&self, now: Timestamp) -> Option<Self> {
        (self.seen.until(now) >= RENEW_AFTER).then(|| Self { seen: now, ..self.clone() })
    }

    /// The latest end.
    pub(super) fn ends(&self, lifetimes: Lifetimes) -> Timestamp {
        self.began.plus(lifetimes.at_most)
    }

    /// Whether the sign-in is recent enough for what can't be undone. A provider may have let somebody in by a sign-in of
    /// before; then that one counts.
    pub(super) fn is_fresh(&self, lifetimes: Lifetimes, now: Timestamp) -> bool {
        let proved = match &self.proof {
            Proof::Token { .. } => self.began,
            Proof::Person(person) => person.proved.min(self.began),
        };
        proved.until(now) <= lifetimes.again_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Role, SourceScope},
        secret::Secret,
    };

    const MINUTE: Duration = Duration::from_mins(1);

    fn begun() -> (Session, Lifetimes, Timestamp) {
        let token = Token::new("ci".parse().expect("a name"), Role::Viewer, SourceScope::All, &Secret::new("s3cret"));
        let now = Timestamp::from_millis(1_800_000_000_000);
        let lifetimes = Lifetimes { idle: 30 * MINUTE, at_most: 12 * 60 * MINUTE, again_after: 15 * MINUTE };
        (Session::begin(&token, now), lifetimes, now)
    }

    #[test]
    fn a_session_ends_half_an_hour_after_the_last_request_and_twelve_hours_after_the_sign_in() {
        let (session, lifetimes, now) = begun();
        assert!(session.is_young(lifetimes, now.plus(30 * MINUTE)));
        assert!(!session.is_young(lifetimes, now.plus(31 * MINUTE)));
        let mut used = session;
        for step in 1..=36 {
            used = used.renewed(now.plus(20 * MINUTE * step)).expect("made younger");
        }
        assert!(used.is_young(lifetimes, now.plus(12 * 60 * MINUTE)));
        assert!(!used.is_young(lifetimes, now.plus(12 * 60 * MINUTE + MINUTE)));
    }

    #[test]
    fn a_cookie_is_set_anew_once_a_minute_and_the_age_of_the_sign_in_stays() {
        let (session, lifetimes, now) = begun();
        assert_eq!(session.renewed(now.plus(MINUTE / 2)), None);
        let renewed = session.renewed(now.plus(16 * MINUTE)).expect("made younger");
        assert_eq!((&renewed.id, renewed.began), (&session.id, session.began));
        assert!(session.is_fresh(lifetimes, now.plus(15 * MINUTE)));
        assert!(!renewed.is_fresh(lifetimes, now.plus(16 * MINUTE)));
    }

    #[test]
    fn two_sign_ins_are_two_sessions() {
        assert_ne!(begun().0.id, begun().0.id);
    }
}
