//! The answers to deliveries.

use actix_web::{
    HttpResponse,
    http::{ConnectionType, StatusCode, header},
};
use serde::Serialize;
use serde_json::json;

use super::{Malformed, body, events, proof::ProofError};
use crate::{
    domain::{EventId, Ignored},
    source::Refusal,
};

/// The answer to a delivery.
pub(super) enum DeliveryAnswer {
    Accepted(Vec<EventId>),
    Ignored(Ignored),
    Unauthorized,
    Malformed,
    UnsupportedMediaType,
    TooLarge,
    TooSlow,
    Broken,
    /// The body gave way to others.
    NoRoom,
    Overloaded,
    Unavailable,
    NoKeys,
}

/// The bodies of the most frequent answers.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Accepted<'a> {
    Event(&'a EventId),
    Events(&'a [EventId]),
}

impl From<body::Error> for DeliveryAnswer {
    fn from(error: body::Error) -> Self {
        match error {
            body::Error::TooLarge => Self::TooLarge,
            body::Error::NoRoom => Self::NoRoom,
            body::Error::TooSlow => Self::TooSlow,
            body::Error::Broken => Self::Broken,
        }
    }
}

impl From<Malformed> for DeliveryAnswer {
    fn from(error: Malformed) -> Self {
        match error {
            Malformed::NotText(_) | Malformed::NotJson(_) | Malformed::NoEntry => Self::Malformed,
            Malformed::TooManyEntries(_) => Self::TooLarge,
            Malformed::Interrupted => Self::Unavailable,
        }
    }
}

impl From<events::Error> for DeliveryAnswer {
    fn from(error: events::Error) -> Self {
        match error {
            events::Error::Overloaded => Self::Overloaded,
            events::Error::Unavailable => Self::Unavailable,
        }
    }
}

impl From<ProofError> for DeliveryAnswer {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Unproven => Self::Unauthorized,
            ProofError::NoKeys => Self::NoKeys,
        }
    }
}

impl DeliveryAnswer {
    /// The label of the metric.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Ignored(_) => "ignored",
            Self::Unauthorized => "unauthorized",
            Self::Malformed | Self::UnsupportedMediaType | Self::TooSlow | Self::Broken => "malformed",
            Self::TooLarge => "too_large",
            Self::NoRoom | Self::Overloaded => "overloaded",
            Self::Unavailable | Self::NoKeys => "unavailable",
        }
    }

    /// The reason for a refusal, for administrators; none if the delivery was not refused.
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Accepted(_) | Self::Ignored(_) => None,
            Self::Unauthorized => Some(Refusal::Unproven),
            Self::Malformed => Some(Refusal::Unreadable),
            Self::UnsupportedMediaType => Some(Refusal::ContentType),
            Self::TooLarge => Some(Refusal::TooLarge),
            Self::TooSlow => Some(Refusal::TooSlow),
            Self::Broken => Some(Refusal::BrokeOff),
            Self::NoRoom | Self::Overloaded => Some(Refusal::Overloaded),
            Self::Unavailable => Some(Refusal::NotDurable),
            Self::NoKeys => Some(Refusal::NoKeys),
        }
    }

    /// The answer itself.
    pub fn respond(self) -> HttpResponse {
        match self {
            Self::Accepted(events) => HttpResponse::Ok().json(match events.as_slice() {
                [event] => Accepted::Event(event),
                several => Accepted::Events(several),
            }),
            Self::Ignored(why) => HttpResponse::Ok().json(json!({ "ignored": why.says() })),
            Self::Unauthorized => refuse(StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Malformed => refuse(StatusCode::BAD_REQUEST, "the body is not JSON"),
            Self::Broken => refuse(StatusCode::BAD_REQUEST, "the body broke off"),
            Self::UnsupportedMediaType => {
                refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json")
            }
            Self::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::TooSlow => refuse(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            Self::Overloaded => refuse(StatusCode::TOO_MANY_REQUESTS, "too many deliveries at once"),
            Self::NoRoom => {
                let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "too many deliveries at once");
                close(&mut response);
                response
            }
            Self::Unavailable => refuse(StatusCode::SERVICE_UNAVAILABLE, "the delivery can't be made durable now"),
            Self::NoKeys => {
                let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "the delivery can't be verified now");
                // Sooner, the keys are not asked for again.
                response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("30"));
                response
            }
        }
    }
}

/// Closes the connection: the rest of the body is not read, so the connection can't be used again.
fn close(response: &mut HttpResponse) {
    response.head_mut().set_connection_type(ConnectionType::Close);
}

fn refuse(status: StatusCode, error: &str) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        response.force_close();
    }
    response.json(json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_off_says_until_when() {
        let after = |answer: DeliveryAnswer| {
            let response = answer.respond();
            let after =
                response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().expect("text").to_owned());
            (response.status(), after)
        };
        let until = |seconds: &str| Some(seconds.to_owned());
        assert_eq!(after(ProofError::NoKeys.into()), (StatusCode::SERVICE_UNAVAILABLE, until("30")));
        assert_eq!(after(DeliveryAnswer::Unavailable), (StatusCode::SERVICE_UNAVAILABLE, until("5")));
        assert_eq!(after(DeliveryAnswer::Overloaded), (StatusCode::TOO_MANY_REQUESTS, until("5")));
        assert_eq!(after(ProofError::Unproven.into()), (StatusCode::UNAUTHORIZED, None));
    }
}
