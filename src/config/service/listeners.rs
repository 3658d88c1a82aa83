//! The two listeners.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use crate::{
    config::{
        Admin, Webhooks,
        reader::{Reader, fields::Fields, node::Node, problem::Place},
        secret::header_secret,
    },
    domain::Age,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// From less than most events to more than any product is known to send.
const BODY_RANGE: RangeInclusive<usize> = KIB..=25 * MIB;

/// The longest that deliveries are taken in after SIGTERM; load balancers look again within a minute.
const LONGEST_LINGER: Duration = Duration::from_mins(5);

/// Why `admin.listen` is for this machine alone.
const PLAIN: &str = "other machines can reach this, and it speaks plain HTTP: the admin token can be read on the way; listen on \
                     127.0.0.1, or see that only a proxy with TLS and your probes get here";

/// A listener with the place that says where it listens.
pub(in crate::config) struct Placed<'n, T> {
    pub listener: T,
    pub at: Option<&'n Place>,
}

/// Reads `webhooks`; the defaults where `node` is none.
pub(in crate::config) fn webhooks<'n>(node: Option<&'n Node>, reader: &mut Reader<'_>) -> Option<Placed<'n, Webhooks>> {
    let (listen, max_body, linger) = (local(8080), MIB, Duration::ZERO);
    let Some(node) = node else {
        let listener = Webhooks { listen, max_body, linger, trust_traceparent: false };
        return Some(Placed { listener, at: None });
    };
    let mut fields = Fields::of(node, reader)?;
    let at = fields.get("listen").map(|node| &node.at);
    let listen = fields.or("listen", listen, |node| reader.parsed(node, address));
    let max_body = fields.or("max_body", max_body, |node| reader.parsed(node, size));
    let linger = fields.or("linger", linger, |node| reader.parsed(node, a_while));
    let trust_traceparent = fields.or("trust_traceparent", false, |node| reader.boolean(node));
    fields.done(reader);
    let (listen, max_body, linger) = (listen?, max_body?, linger?);
    Some(Placed { listener: Webhooks { listen, max_body, linger, trust_traceparent: trust_traceparent? }, at })
}

/// Reads `admin`; the defaults where `node` is none.
pub(in crate::config) fn admin<'n>(node: Option<&'n Node>, reader: &mut Reader<'_>) -> Option<Placed<'n, Admin>> {
    let listen = local(8081);
    let Some(node) = node else {
        return Some(Placed { listener: Admin { listen, token: None }, at: None });
    };
    let mut fields = Fields::of(node, reader)?;
    let at = fields.get("listen").map(|node| &node.at);
    let listen = fields.or("listen", listen, |node| reader.parsed(node, address));
    let token = fields.or("token", None, |node| header_secret(node, reader).map(Some));
    fields.done(reader);
    if let (Some(listen), Some(at)) = (listen, at)
        && !listen.ip().to_canonical().is_loopback()
    {
        reader.warn(at, PLAIN);
    }
    Some(Placed { listener: Admin { listen: listen?, token: token? }, at })
}

/// Reports listeners of which only one could be bound.
pub(in crate::config) fn check_apart(
    webhooks: &Placed<'_, Webhooks>,
    admin: &Placed<'_, Admin>,
    reader: &mut Reader<'_>,
) {
    let (public, private) = (webhooks.listener.listen, admin.listener.listen);
    let overlap = public.ip() == private.ip() || public.ip().is_unspecified() || private.ip().is_unspecified();
    if public.port() != 0
        && public.port() == private.port()
        && overlap
        && let Some(at) = admin.at.or(webhooks.at)
    {
        let message = format!("webhooks listen on {public} and admin on {private}; give each a port of its own");
        reader.refuse::<()>(at, message);
    }
}

const fn local(port: u16) -> SocketAddr {
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
        .filter(|linger| *linger <= LONGEST_LINGER)
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
