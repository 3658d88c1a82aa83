//! Signing in by an identity provider: the code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636).
//!
//! [`Provider::begin`] leads somebody to the provider and gives an [`Attempt`], which their browser keeps sealed.
//! [`Provider::finish`] exchanges the code that they come back with for an ID token, and believes nothing in that before
//! everything in it is checked. Endpoints and keys are fetched when somebody signs in, and kept for a time. So a provider
//! that is away stops nothing else. Cookies, pages and roles are not known here.

mod attempt;
mod endpoints;
mod error;
mod http;
mod id_token;
mod person;
mod provider;

pub use attempt::Attempt;
pub use error::{Error, TokenFault};
pub use person::Person;
pub use provider::Provider;

#[cfg(test)]
mod tests;
