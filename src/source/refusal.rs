//! Why a delivery was refused, and what proof it had: for administrators, never for the sender.

use serde::Serialize;
use utoipa::ToSchema;

/// Why a delivery was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The delivery has no valid proof.
    Unproven,
    /// The keys that would prove it can't be had now.
    NoKeys,
    /// The delivery is proved, but can't be read.
    Unreadable,
    /// Its content type is not JSON.
    ContentType,
    /// The delivery is too long.
    TooLarge,
    /// The delivery came too slowly.
    TooSlow,
    /// The delivery broke off.
    BrokeOff,
    /// There were too many at once.
    Overloaded,
    /// The delivery can't be made durable now.
    NotDurable,
}

/// The form of a delivery's proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofForm {
    /// Nothing.
    None,
    /// `X-Hub-Signature`.
    Hmac,
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: JWT`, as Connect's apps send it.
    Jwt,
    /// Another `Authorization`.
    Authorization,
}

impl Refusal {
    /// The fault, and the remedy.
    pub const fn says(self, proof: ProofForm) -> &'static str {
        match self {
            Self::Unproven => match proof {
                ProofForm::None => {
                    "it has neither X-Hub-Signature nor Authorization; set the secret where the webhook is sent from"
                }
                ProofForm::Hmac => {
                    "its X-Hub-Signature is not `sha256=` and the digest of the body with a secret of this source; \
                     compare the secrets"
                }
                ProofForm::Bearer | ProofForm::Authorization => {
                    "its Authorization header is none that this source takes; compare it with `webhook` of the source"
                }
                ProofForm::Jwt => {
                    "its token was not made by this source's installation of the app for this request, or has expired"
                }
            },
            Self::NoKeys => "the keys that would prove it can't be had now; the sender is asked to come again",
            Self::Unreadable => "its sender is proved, and its body is not JSON or holds no entry that can be read",
            Self::ContentType => "its content type is not application/json",
            Self::TooLarge => "its body is longer than `webhooks.max_body`",
            Self::TooSlow => "its body came too slowly",
            Self::BrokeOff => "its body broke off",
            Self::Overloaded => "too many deliveries came at once; the sender is asked to come again",
            Self::NotDurable => "the log did not take it in time; the sender is asked to come again",
        }
    }
}
