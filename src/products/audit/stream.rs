//! The audit log of an Atlassian organisation, as a stream.
//!
//! Source: developer.atlassian.com/cloud/admin/organization/rest/api-group-events (`events-stream`). Whether `from` goes by when
//! something happened or by when it was processed is not said there. A shipping collector (github.com/elastic/integrations)
//! finds no next cursor on the last page, the reference says that it can be used again: either will do.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{AuditEntry, AuditLog, AuditPage, Order, Span, time};
use crate::{
    domain::Timestamp,
    products::{
        Error,
        http::Http,
        request::{Call, Operation},
    },
};

/// Entries on a page: the most that may be asked for, as calls are few.
const PAGE: usize = 500;
/// 50 calls a minute are let through; these are 48.
const GAP: Duration = Duration::from_millis(1250);

/// The log of one organisation.
pub(in crate::products) struct Stream<'a> {
    /// Calls it.
    pub http: &'a Http,
    /// Where it is; the organisation's id stands in braces.
    pub path: &'static str,
    /// The organisation's id.
    pub organization: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Value>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    next: Option<String>,
}

fn entry(entry: Value) -> AuditEntry {
    let at = |name| entry.pointer(&format!("/attributes/{name}")).and_then(time);
    AuditEntry { at: at("processedAt").or_else(|| at("time")), entry }
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
        let call = self.call().query("limit", "1").query("sortOrder", "desc");
        let answer: Answer = self.http.send(call).await?.json()?;
        match answer.data.into_iter().next().map(entry) {
            None => Ok(None),
            Some(AuditEntry { at: Some(at), .. }) => Ok(Some(at)),
            Some(_) => Err(Error::Unreadable("the newest entry of the audit log has no time".to_owned())),
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
        let answer: Answer = self.http.send(call).await?.json()?;
        let next = answer.meta.and_then(|meta| meta.next).filter(|next| !next.is_empty());
        Ok(AuditPage { entries: answer.data.into_iter().map(entry).collect(), next })
    }
}
