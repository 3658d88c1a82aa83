//! The signals of a source: its webhooks and its feed.

use super::{
    feed::feed,
    keys::{FEED, WEBHOOK},
    webhook::webhook,
};
use crate::{
    config::{AuditActions, Feed, Webhook, reader::Reader, shape::fields::Fields},
    domain::Product,
};

/// The signals of a source.
pub(in crate::config) struct Signals {
    pub webhook: Webhook,
    pub feed: Option<Feed>,
    pub actions: AuditActions,
}

/// Reads `webhook` and `feed`. Each may contain the meanings of entries of the audit log.
pub(in crate::config) fn read_signals(
    fields: &mut Fields<'_>,
    product: Option<Product>,
    reader: &mut Reader<'_>,
) -> Option<Signals> {
    let webhook = fields.or_else(&WEBHOOK, (Webhook::default(), None), |node| webhook(node, reader));
    let node = fields.node(&FEED);
    let feed = node.map_or(Some(None), |node| feed(node, product, reader).map(Some));
    let (webhook, by_webhook) = webhook?;
    let (feed, by_feed) = feed?.unzip();
    let actions = match (by_webhook, by_feed.flatten(), node) {
        (Some(_), Some(_), Some(node)) => {
            let message = "`actions` stands under `webhook` too, and it is the same audit log; write it in one place";
            return reader.refuse(&node.at, message);
        }
        (one, other, _) => one.or(other).unwrap_or_default(),
    };
    Some(Signals { webhook, feed, actions })
}
