//! The public listener, and that it is not the private one.

mod keys;

pub(in crate::config) use keys::WEBHOOKS;
pub(in crate::config::service) use keys::{ADDRESS, local};

use crate::config::{
    Admin, Webhooks,
    reader::{Reader, node::Node, problem::Place},
};
use keys::{LINGER, MAX_BODY, PUBLIC, TRUST_TRACEPARENT};

/// A listener with the place of its address.
pub(in crate::config) struct Placed<'n, T> {
    pub listener: T,
    pub at: Option<&'n Place>,
}

/// Reads `webhooks`; the defaults if `node` is none.
pub(in crate::config) fn webhooks<'n>(node: Option<&'n Node>, reader: &mut Reader<'_>) -> Option<Placed<'n, Webhooks>> {
    let Some(node) = node else {
        let listener = Webhooks {
            listen: (PUBLIC.default)(),
            max_body: (MAX_BODY.default)(),
            linger: (LINGER.default)(),
            trust_traceparent: (TRUST_TRACEPARENT.default)(),
        };
        return Some(Placed { listener, at: None });
    };
    let mut fields = WEBHOOKS.open(node, reader)?;
    let at = fields.node(&PUBLIC).map(|node| &node.at);
    let listen = fields.or(&PUBLIC, reader);
    let max_body = fields.or(&MAX_BODY, reader);
    let linger = fields.or(&LINGER, reader);
    let trust_traceparent = fields.or(&TRUST_TRACEPARENT, reader);
    fields.done(reader);
    let (listen, max_body, linger) = (listen?, max_body?, linger?);
    Some(Placed { listener: Webhooks { listen, max_body, linger, trust_traceparent: trust_traceparent? }, at })
}

/// Reports listeners with the same address.
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
