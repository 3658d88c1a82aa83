//! The audit log of Data Center: one resource in Jira, Confluence and Bitbucket.
//!
//! Source: developer.atlassian.com/server/framework/atlassian-sdk/rest/api-group-events for the parameters. The answer, and
//! that the newest entry comes first, as the collectors in github.com/elastic/integrations (`packages/atlassian_*`) read it.

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

/// Entries on a page: what Data Center gives by itself. One entry can be long.
const PAGE: usize = 200;
const EVENTS: &str = "rest/auditing/1.0/events";

/// The log behind one client.
pub(in crate::products) struct DataCenter<'a>(pub &'a Http);

#[derive(Deserialize)]
struct Answer {
    entities: Vec<Value>,
    #[serde(rename = "pagingInfo")]
    paging: Paging,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paging {
    last_page: bool,
    next_page_cursor: Option<String>,
}

fn call<'a>() -> Call<'a> {
    Call::new(Operation::ReadAuditLog, Method::GET, EVENTS)
}

fn entry(entry: Value) -> AuditEntry {
    AuditEntry { at: entry.get("timestamp").and_then(time), entry }
}

#[async_trait]
impl AuditLog for DataCenter<'_> {
    fn order(&self) -> Order {
        Order::NewestFirst
    }

    fn gap(&self) -> Duration {
        Duration::ZERO // it counts as all other calls do
    }

    async fn newest(&self) -> Result<Option<Timestamp>, Error> {
        let answer: Answer = self.0.send(call().query("limit", "1")).await?.json()?;
        match answer.entities.into_iter().next().map(entry) {
            None => Ok(None),
            Some(AuditEntry { at: Some(at), .. }) => Ok(Some(at)),
            Some(_) => Err(Error::Unreadable("the newest entry of the audit log has no time".to_owned())),
        }
    }

    async fn page(&self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error> {
        let mut call = call().query("limit", PAGE.to_string()).query("from", span.from.to_string());
        if let Some(to) = span.to {
            call = call.query("to", to.to_string());
        }
        if let Some(cursor) = cursor {
            call = call.query("pageCursor", cursor.to_owned());
        }
        let Answer { entities, paging } = self.0.send(call).await?.json()?;
        let next = paging.next_page_cursor.filter(|_| !paging.last_page);
        if next.is_some() && next.as_deref() == cursor {
            return Err(Error::Unreadable("the audit log goes round in circles".to_owned()));
        }
        Ok(AuditPage { entries: entities.into_iter().map(entry).collect(), next })
    }
}
