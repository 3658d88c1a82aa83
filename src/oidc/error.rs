//! Why nobody was signed in.

/// Why nobody was signed in. No text holds a code, a token, a secret, or anything about the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The provider can't be reached, or does not answer as it should. It may later.
    #[error("{0}")]
    Away(String),
    /// Too many people sign in at the moment.
    #[error("too many people are signing in at this moment")]
    Busy,
    /// The provider does not know usher. The configuration has to be changed.
    #[error(
        "the identity provider does not accept usher's own credentials ({0}); check `client_id` and `client_secret` in `admin.oidc`"
    )]
    Client(String),
    /// The provider does not accept the code: it was used before, is too old, or is not of this sign-in.
    #[error("the identity provider does not accept the code ({0})")]
    Code(String),
    /// The ID token can't be trusted.
    #[error("the ID token can't be trusted: {0}")]
    Token(#[from] TokenFault),
}

/// The fault of an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// There is none, or it is no signed token.
    #[error("there is none, or it is not a signed JSON Web Token of at most 64 KiB")]
    Missing,
    /// It is not signed, or by a method that usher does not accept.
    #[error("it is signed by no method that usher accepts: RS256 to RS512, PS256 to PS512, ES256, ES384, EdDSA")]
    Algorithm,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is missing, or of a wrong form.
    #[error("its claim `{0}` is missing or has a wrong form")]
    Claim(&'static str),
    /// It is of somebody else.
    #[error("its `iss` is not the configured issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("its `aud`, or its `azp`, is not the configured `client_id`")]
    Audience,
    /// It is for another sign-in.
    #[error("its `nonce` is not that of this sign-in")]
    Nonce,
    /// It has ended.
    #[error("it has expired; compare the clocks of this machine and of the provider")]
    Expired,
    /// It was made before the sign-in began, or is from the future.
    #[error("it was not issued during this sign-in; compare the clocks of this machine and of the provider")]
    Issued,
    /// The provider was to ask the person once more, and did not.
    #[error("the provider did not have the person sign in again")]
    NotAgain,
}
