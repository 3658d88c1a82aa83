//! The tokens of Atlassian: the caller names the algorithm, and the token does not choose it.

use serde::Deserialize;

use crate::{domain::Timestamp, json_web_token::Token};

/// Longer than any that Atlassian sends.
const MAX_LENGTH: usize = 16 * 1024;
/// The allowed difference of the sender's clock, in seconds.
const LEEWAY: i64 = 10;

/// Takes apart a token that is signed with `algorithm`, going by its header.
pub(super) fn signed_with<'t>(algorithm: &str, text: &'t [u8]) -> Option<Token<'t>> {
    Token::parse(text, MAX_LENGTH).filter(|token| token.algorithm == algorithm)
}

/// The validity of a token. A token without an end is invalid.
#[derive(Deserialize)]
pub(super) struct Validity {
    exp: i64,
    nbf: Option<i64>,
}

impl Validity {
    /// Whether it counts at `now`, give or take some seconds.
    pub fn holds(&self, now: Timestamp) -> bool {
        let now = now.as_millis().div_euclid(1000);
        now < self.exp.saturating_add(LEEWAY) && self.nbf.is_none_or(|from| from.saturating_sub(LEEWAY) <= now)
    }
}
