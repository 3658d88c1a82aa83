//! The forms of values in columns: ids and names as text, times as milliseconds, compound values as JSON.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned, de::IntoDeserializer};

use crate::{
    domain::{EventId, RunId, SchemeId, SourceId, StepKey, SweepId, Timestamp, UserId, Via},
    views::{LetterState, RunKind, RunState},
};

/// A column of JSON.
#[derive(Debug)]
pub(in crate::views) struct Json<T>(pub(in crate::views) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0);
        text.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_millis().into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_millis)
    }
}

/// A type with one text as its form, also in JSON.
macro_rules! text {
    ($($type:ty),+) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
                    value.as_str()?.into_deserializer();
                Self::deserialize(text).map_err(FromSqlError::other)
            }
        }
    )+};
}

text!(EventId, RunId, SchemeId, SourceId, StepKey, SweepId, UserId, Via, LetterState, RunKind, RunState);
