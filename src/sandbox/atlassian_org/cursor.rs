//! Pages with opaque cursors.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::refusals;
use crate::sandbox::{api::Call, reply::Reply};

/// The search in the body or the query, and the start of the page. A cursor contains the search of the first page.
///
/// # Errors
/// A reply with 400 if the cursor can't be read, or the body is no JSON.
pub(super) fn asked(call: &Call<'_>) -> Result<(Value, usize), Reply> {
    let given = if call.body.is_empty() { in_query(call) } else { call.json()? };
    match given.get("cursor").and_then(Value::as_str) {
        None => Ok((given, 0)),
        Some(cursor) => read(cursor).ok_or_else(|| refusals::error(400, "ADMIN-400-1", "Kein Cursor.")),
    }
}

fn in_query(call: &Call<'_>) -> Value {
    let mut given = Map::new();
    for name in ["cursor", "accountId"] {
        given.extend(call.query.get(name).map(|value| (name.to_owned(), value.into())));
    }
    let number = call.query.get("limit").and_then(|value| value.parse::<u64>().ok());
    given.extend(number.map(|number| ("limit".to_owned(), number.into())));
    Value::Object(given)
}

fn read(cursor: &str) -> Option<(Value, usize)> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    Some((value["asked"].clone(), usize::try_from(value["at"].as_u64()?).ok()?))
}

fn write(asked: &Value, at: usize) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "asked": asked, "at": at }).to_string())
}

/// The page at `start` with `most` of the beans from there on; the next page begins behind them.
///
/// # Errors
/// None: the form is that of a handler.
pub(super) fn page(asked: &Value, start: usize, most: usize, mut rest: Vec<Value>) -> Result<Reply, Reply> {
    let further = rest.len() > most;
    rest.truncate(most);
    Ok(page_until(asked, start, rest, further.then_some(start + most)))
}

/// The page at `start` with these records; `next` is the start of the next one.
pub(super) fn page_until(asked: &Value, start: usize, data: Vec<Value>, next: Option<usize>) -> Reply {
    let mut links = json!({ "self": write(asked, start) });
    if let Some(next) = next {
        links["next"] = write(asked, next).into();
    }
    Reply::json(200, json!({ "data": data, "links": links }))
}
