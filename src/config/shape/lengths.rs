//! Lengths of time.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::Value;

use super::texts::{Parsed, Text};
use crate::domain::Age;

/// The schema of a length of time.
pub(in crate::config) const LENGTH: Text =
    Text::PLAIN.matching(r"^\s*\+?0*[1-9][0-9]*[wdhms]\s*$").like(&["90d", "12h", "30m", "45s", "2w"]);

/// A length of time up to 100 years.
pub(in crate::config) const AGE: Parsed<Age> =
    Parsed { read: |text| text.parse::<Age>().map_err(|error| error.to_string()), text: LENGTH };

/// A length of time as it could be written.
pub(in crate::config) fn shown(length: &Duration) -> Value {
    let seconds = format!("{}s", length.as_secs());
    seconds.parse::<Age>().map_or(seconds, |age| age.to_string()).into()
}

/// Reads a length of time within `range`, which is from `least` to `most` as they are written.
///
/// # Errors
/// A text that says the fault and what to write instead.
pub(in crate::config) fn between(
    text: &str,
    range: &RangeInclusive<Duration>,
    [least, most]: [&str; 2],
) -> Result<Duration, String> {
    let length = text.parse::<Age>().map_err(|error| error.to_string())?.duration();
    if range.contains(&length) {
        Ok(length)
    } else {
        Err(format!("`{text}` does not fit here; write a length of time from `{least}` to `{most}`"))
    }
}
