//! The keys of `webhooks`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    config::{
        reader::{Reader, node::Node},
        shape::{
            Described, Shape,
            definitions::Definitions,
            key::Or,
            lengths,
            object::Object,
            texts::{Parsed, Text},
            values::{Boolean, as_json},
        },
    },
    domain::Age,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// From less than most events to more than any product is known to send.
const BODY_RANGE: RangeInclusive<usize> = KIB..=25 * MIB;

/// The longest that deliveries are taken in after SIGTERM; load balancers look again within a minute.
const MAX_LINGER: Duration = Duration::from_mins(5);

/// An IP address with a port.
pub(in crate::config::service) const ADDRESS: Parsed<SocketAddr> =
    Parsed { read: address, text: Text::PLAIN.like(&["127.0.0.1:8080", "0.0.0.0:8080", "[::1]:8080"]) };

pub(super) static PUBLIC: Or<Parsed<SocketAddr>> = Or::new(
    "listen",
    "IP address and port that products send webhooks to. Port 0 takes a free one.",
    ADDRESS,
    || local(8080),
    as_json,
);
pub(super) static MAX_BODY: Or<Size> = Or::new(
    "max_body",
    "The longest body accepted, from `1KiB` to `25MiB`, or a number of bytes.",
    Size,
    || MIB,
    |bytes| format!("{}MiB", bytes / MIB).into(),
);
pub(super) static LINGER: Or<Parsed<Duration>> = Or::new(
    "linger",
    "How long deliveries are still taken in after SIGTERM, from `0s` to `5m`, while `/readyz` is 503.",
    Parsed { read: a_while, text: lengths::LENGTH.matching(r"^(0s|\s*\+?0*[1-9][0-9]*[wdhms]\s*)$") },
    || Duration::ZERO,
    lengths::shown,
);
pub(super) static TRUST_TRACEPARENT: Or<Boolean> = Or::new(
    "trust_traceparent",
    "Whether a delivery is a part of the trace that its header `traceparent` names. Only where a proxy of yours sets it.",
    Boolean,
    || false,
    as_json,
);
/// The value of `webhooks`.
pub(in crate::config) static WEBHOOKS: Object =
    Object::new("Webhooks", "The public listener: products send their webhooks here.", || {
        vec![&PUBLIC, &MAX_BODY, &LINGER, &TRUST_TRACEPARENT]
    });

/// A length in bytes.
pub(super) struct Size;

impl Described for Size {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({
            "type": ["integer", "string"], "minimum": BODY_RANGE.start(), "maximum": BODY_RANGE.end(),
            "pattern": r"^\+?[0-9]+\s*(KiB|MiB)?$", "examples": ["1MiB", "512KiB"],
        })
    }
}

impl Shape for Size {
    type Value = usize;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<usize> {
        reader.parsed(node, size)
    }
}

/// A port of this machine alone.
pub(in crate::config::service) const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not an IP address with a port; write `127.0.0.1:8080`, say"))
}

/// Bytes, in `KiB` or in `MiB`.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match (text.strip_suffix("KiB"), text.strip_suffix("MiB")) {
        (Some(digits), _) => (digits, KIB),
        (None, Some(digits)) => (digits, MIB),
        (None, None) => (text, 1),
    };
    let bytes = digits.trim_end().parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| BODY_RANGE.contains(bytes)).ok_or_else(|| {
        format!("`{text}` is not a size from 1KiB to 25MiB; write `1MiB`, `512KiB` or a number of bytes")
    })
}

/// A length of time that may be none.
fn a_while(text: &str) -> Result<Duration, String> {
    if text == "0s" {
        return Ok(Duration::ZERO);
    }
    let linger = text.parse::<Age>().map(Age::duration).ok();
    linger
        .filter(|linger| *linger <= MAX_LINGER)
        .ok_or_else(|| format!("`{text}` does not fit here; write a length of time from `0s` to `5m`, like `10s`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_in_bytes_kib_or_mib_and_within_bounds() {
        for (text, bytes) in
            [("1MiB", MIB), ("512KiB", 512 * KIB), ("65536", 65536), ("1 KiB", KIB), ("25MiB", 25 * MIB)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "KiB", "1023", "26MiB", "1MB", "1.5MiB", "-1", "18446744073709551615MiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn a_while_may_be_none_and_has_an_end() {
        for (text, seconds) in [("0s", 0), ("10s", 10), ("5m", 300)] {
            assert_eq!(a_while(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "0", "10", "-1s", "301s", "1h"] {
            assert!(a_while(bad).is_err(), "{bad}");
        }
    }
}
