//! Sessions that are older than they are: their cookies are sealed anew with a key that the test gave to usher.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde_json::{Value, json};
use usher::domain::Timestamp;

use super::visitor::Visitor;
use crate::support::ground::Ground;

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
const MEANING: &[u8] = b"usher session 1";

/// `ground`, on which [`age`] works.
pub fn with_key(ground: Ground) -> Ground {
    ground.tweak("USHER_ADMIN__SESSION__KEY", &format!("{{ value: {KEY} }}"))
}

/// Makes the session of `visitor` so many minutes older: the time of its `field`, `began` or `seen`.
pub fn age(visitor: &mut Visitor, field: &str, minutes: i64) {
    let cookie = visitor.cookie.take().expect("a session");
    let (name, sealed) = cookie.split_once('=').expect("a value");
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes()), b"usher: seal sessions");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("a key"));
    let mut bytes = URL_SAFE_NO_PAD.decode(sealed).expect("base64");
    let (nonce, rest) = bytes.split_at_mut(NONCE_LEN);
    let nonce: [u8; NONCE_LEN] = (&*nonce).try_into().expect("a nonce");
    let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(MEANING), rest).expect("opened");
    let mut session: Value = serde_json::from_slice(opened).expect("JSON");
    let at: Timestamp = serde_json::from_value(session[field].clone()).expect("a time");
    session[field] = json!(Timestamp::from_millis(at.as_millis() - minutes * 60_000));
    let mut bytes = serde_json::to_vec(&session).expect("JSON");
    let nonce: [u8; NONCE_LEN] = rand::random();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(MEANING), &mut bytes).expect("sealed");
    visitor.cookie = Some(format!("{name}={}", URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat())));
}
