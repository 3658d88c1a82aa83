//! Lists as some versions of the products give them, and as none should.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::{
    query::Query,
    reply::{Body, HALF},
};

/// A fault of a list. Other requests are not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFault {
    /// No page has more records, whatever is asked for.
    PageAtMost(usize),
    /// The list ends after this number of records, on any page: a search in Jira 10 after 100, in others after 1,000.
    EndsAt(usize),
    /// The offset is counted in pages.
    OffsetTimesSize,
    /// Pages of more than `size` records take `millis`.
    SlowOver {
        /// The largest page that comes at once.
        size: usize,
        /// The time of larger pages in milliseconds.
        millis: u64,
    },
    /// A record of each page can't be read.
    Unreadable {
        /// Its place on the page.
        at: usize,
        /// The fault of the record.
        how: Broken,
    },
}

/// The fault of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// It has no id and no name.
    NoId,
    /// There is half a surrogate in its id and its name.
    HalfASurrogate,
    /// It is a number.
    WrongType,
}

const SIZES: [&str; 3] = ["maxResults", "limit", "max-results"];
const STARTS: [&str; 3] = ["startAt", "start", "start-index"];
const LISTS: [&str; 6] = ["values", "results", "users", "groups", "data", "items"];
const IDS: [&str; 5] = ["key", "accountId", "userKey", "id", "name"];

impl ListFault {
    /// The query that takes the place of `query`.
    pub(in crate::sandbox) fn alter(self, query: &mut Query) {
        let size = SIZES.iter().find_map(|name| Some((*name, query.number(name, 0).ok().filter(|size| *size > 0)?)));
        let Some((size_name, size)) = size else { return };
        let start_name = STARTS.iter().find(|name| query.get(name).is_some()).copied();
        let start = start_name.and_then(|name| query.number(name, 0).ok()).unwrap_or(0);
        match self {
            Self::PageAtMost(most) => query.set(size_name, size.min(most)),
            Self::EndsAt(end) if start < end => query.set(size_name, size.min(end - start)),
            Self::EndsAt(_) => start_name.into_iter().for_each(|name| query.set(name, 1 << 40)),
            Self::OffsetTimesSize => start_name.into_iter().for_each(|name| query.set(name, start * size)),
            Self::SlowOver { .. } | Self::Unreadable { .. } => {}
        }
    }

    /// The delay of the answer to `query`.
    pub(in crate::sandbox) fn delay(self, query: &Query) -> u64 {
        match self {
            Self::SlowOver { size, millis } if SIZES.iter().any(|name| query.number(name, 0).unwrap_or(0) > size) => {
                millis
            }
            _ => 0,
        }
    }

    /// Spoils a record of the answer.
    pub(in crate::sandbox) fn spoil(self, body: &mut Body) {
        let (Self::Unreadable { at, how }, Body::Json(answer)) = (self, body) else { return };
        let list = match answer {
            Value::Array(list) => Some(list),
            other => LISTS
                .iter()
                .find_map(|name| other.get(name)?.is_array().then_some(*name))
                .and_then(|name| other.get_mut(name).and_then(Value::as_array_mut)),
        };
        let Some(record) = list.and_then(|list| list.get_mut(at)) else { return };
        match how {
            Broken::WrongType => *record = 7.into(),
            Broken::NoId => each_id(record, &|fields, name| drop(fields.remove(name))),
            Broken::HalfASurrogate => each_id(record, &|fields, name| {
                fields.insert(name.to_owned(), HALF.to_string().into());
            }),
        }
    }
}

/// Applies `change` to each id of `record`, and of the user or group inside it.
fn each_id(record: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>, &str)) {
    let Value::Object(fields) = record else { return };
    for name in IDS.iter().filter(|name| fields.get(**name).is_some()).copied().collect::<Vec<_>>() {
        change(fields, name);
    }
    for inner in ["user", "group"] {
        fields.get_mut(inner).into_iter().for_each(|inner| each_id(inner, change));
    }
}
