//! The query of a preview.

use std::time::Duration;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::admin::api::schemas;

/// The query of a preview.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Preview {
    /// The highest number of named users; usher names 100,000 at most.
    #[serde(default)]
    #[param(value_type = schemas::Count, inline, required = false)]
    pub(in crate::admin::api) users: Count,
    /// The time for which the answer waits for the end, from `0s` to `60s`; `5s` by default.
    #[serde(default)]
    #[param(value_type = schemas::Seconds, inline, required = false)]
    pub(in crate::admin::api) wait: Wait,
}

/// The time for which an answer waits, in whole seconds.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct Wait(pub(in crate::admin::api) Duration);

impl Default for Wait {
    fn default() -> Self {
        Self(Duration::from_secs(5))
    }
}

impl TryFrom<String> for Wait {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let seconds = text.strip_suffix('s').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match seconds.and_then(|number| number.parse().ok()) {
            Some(seconds @ 0..=60) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(format!("`{text}` is no time to wait; write one from `0s` to `60s`")),
        }
    }
}

/// A number, however large.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct Count(pub(in crate::admin::api) usize);

impl Default for Count {
    fn default() -> Self {
        Self(1_000)
    }
}

impl TryFrom<String> for Count {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.contains(|c: char| !c.is_ascii_digit()) {
            return Err(format!("`{text}` is not a number; write one from 0 on"));
        }
        Ok(Self(text.parse().unwrap_or(usize::MAX))) // it has too many digits
    }
}
