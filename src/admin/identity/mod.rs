//! The caller of a request, and the caller's permissions. No I/O: the API and the console decide by the same table.
//!
//! A request becomes a [`Principal`] by a token ([`Tokens::find`]) or a session; `principal.may(permission, about)` is
//! asked before anything is done.

mod permission;
mod principal;
mod tokens;

pub use permission::Permission;
pub use principal::{About, Principal, Refusal};
pub use tokens::{ADMIN, Fingerprint, Token, Tokens};
