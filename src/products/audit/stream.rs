//! The audit log of an Atlassian organisation, as a stream.
//!
//! Source: developer.atlassian.com/cloud/admin/organization/rest/api-group-events (`events-stream`). Whether `from` goes by when
//! something happened or by when it was processed is not said there. A shipping collector (github.com/elastic/integrations)
//! finds no next cursor on the last page, the reference says that it can be used again: either will do.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{AuditLog, AuditPage, Order, Span, newest_of, read_entries, time};
use crate::{
    domain::Timestamp,
    products::{
        Error,
        http::{
            Http,
            request::{Call, Operation},
        },
    },
};

/// Entries on a page: the highest allowed number, because calls are few.
const PAGE: usize = 500;
/// The gap between calls. Atlassian allows 50 calls a minute; this makes 48.
const GAP: Duration = Duration::from_millis(1250);

/// The log of one organisation.
pub(in crate::products) struct Stream<'a> {
    /// Calls it.
    pub http: &'a Http,
    /// The path; the organisation's id is in braces.
    pub path: &'static str,
    /// The organisation's id.
    pub organization: &'a str,
}

#[derive(Deserialize)]
struct EventPage {
    data: Vec<Box<RawValue>>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    next: Option<String>,
}

fn at(entry: &Value) -> Option<Timestamp> {
    let at = |name| entry.pointer(&format!("/attributes/{name}")).and_then(time);
    at("processedAt").or_else(|| at("time"))
}

impl Stream<'_> {
    fn call(&self) -> Call<'_> {
        Call::new(Operation::ReadAuditLog, Method::GET, self.path).segment(self.organization)
    }
}

#[async_trait]
impl AuditLog for Stream<'_> {
    fn order(&self) -> Order {
        Order::AsProcessed
    }

    fn gap(&self) -> Duration {
        GAP
    }

    async fn newest(&self) -> Result<Option<Timestamp>, Error> {
        let ask = async |limit: usize| -> Result<EventPage, Error> {
            let call = self.call().query("limit", limit.to_string()).query("sortOrder", "desc");
            self.http.send(call).await?.json()
        };
        match newest_of(&ask(1).await?.data, at) {
            // The very newest can't be read: one of those before it will do.
            Err(Error::Unreadable(_)) => {
                tokio::time::sleep(GAP).await;
                newest_of(&ask(PAGE).await?.data, at)
            }
            newest => newest,
        }
    }

    async fn page(&self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error> {
        let call = self.call().query("limit", PAGE.to_string());
        let call = match cursor {
            Some(cursor) => call.query("cursor", cursor.to_owned()), // which knows where it began, and the order
            None => {
                let to = span.to.map(|to| to.as_millis().to_string());
                let from = call.query("sortOrder", "asc").query("from", span.from.as_millis().to_string());
                to.into_iter().fold(from, |call, to| call.query("to", to))
            }
        };
        let answer: EventPage = self.http.send(call).await?.json()?;
        let next = answer.meta.and_then(|meta| meta.next).filter(|next| !next.is_empty());
        let (entries, unread) = read_entries(&answer.data, at)?;
        Ok(AuditPage { entries, unread, next })
    }
}
