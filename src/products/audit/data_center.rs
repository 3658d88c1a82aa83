//! The audit log of Data Center: one resource in Jira, Confluence and Bitbucket.
//!
//! Source: developer.atlassian.com/server/framework/atlassian-sdk/rest/api-group-events for the parameters. The form of
//! the answer, and its order with the newest entry first, follow the collectors in github.com/elastic/integrations
//! (`packages/atlassian_*`).

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

/// Entries on a page: what Data Center gives by itself. One entry can be long.
const PAGE: usize = 200;
const EVENTS: &str = "rest/auditing/1.0/events";

/// The log behind one client.
pub(in crate::products) struct DataCenter<'a>(pub &'a Http);

#[derive(Deserialize)]
struct AuditRecords {
    entities: Vec<Box<RawValue>>,
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

fn at(entry: &Value) -> Option<Timestamp> {
    entry.get("timestamp").and_then(time)
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
        let ask = async |limit: usize| -> Result<AuditRecords, Error> {
            self.0.send(call().query("limit", limit.to_string())).await?.json()
        };
        match newest_of(&ask(1).await?.entities, at) {
            // The very newest can't be read: one of those before it will do.
            Err(Error::Unreadable(_)) => newest_of(&ask(PAGE).await?.entities, at),
            newest => newest,
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
        let AuditRecords { entities, paging } = self.0.send(call).await?.json()?;
        let next = paging.next_page_cursor.filter(|next| !paging.last_page && !next.is_empty());
        if next.is_none() && !paging.last_page {
            return Err(Error::Unreadable("the audit log does not say where it goes on".to_owned()));
        }
        if next.is_some() && next.as_deref() == cursor {
            return Err(Error::Unreadable("the audit log goes round in circles".to_owned()));
        }
        let (entries, unread) = read_entries(&entities, at)?;
        Ok(AuditPage { entries, unread, next })
    }
}
