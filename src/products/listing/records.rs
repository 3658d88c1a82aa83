//! Lists read record by record: one that can't be read costs itself and not its page.
//!
//! serde_json refuses a whole document for half a surrogate in one of its texts, and a whole list for one record without its
//! id. Each record is therefore kept as it came, and read by itself.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned},
};
use serde_json::value::RawValue;

use crate::{
    domain::{GroupName, Groups},
    products::Error,
};

/// A record of a list of which a part may be enough.
pub(in crate::products) trait Record: DeserializeOwned {
    /// The kind of record, for the metric and the log.
    const KIND: &'static str;
    /// The fields without which it is of no use. Another one that can't be read is left out.
    const NEEDED: &'static [&'static str];

    /// Whether it identifies its user or object.
    fn is_of_use(&self) -> bool {
        true
    }
}

/// A group, as lists name it that tell nothing else of it.
#[derive(Deserialize)]
pub(in crate::products) struct NamedGroup {
    pub name: String,
}

impl Record for NamedGroup {
    const KIND: &'static str = "group";
    const NEEDED: &'static [&'static str] = &["name"];
}

/// The records on one page.
#[derive(Debug)]
pub(in crate::products) struct Records<T> {
    /// The readable records, in their order.
    pub read: Vec<T>,
    /// The number of unreadable records.
    pub unreadable: usize,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self { read: Vec::new(), unreadable: 0 }
    }
}

impl<T> Records<T> {
    /// Adds those of another page.
    pub fn extend(&mut self, page: Self) {
        self.read.extend(page.read);
        self.unreadable += page.unreadable;
    }

    /// All of them, where each can be read.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where some can't: nothing is concluded from the others, and asking again would not help.
    pub fn whole(self, what: &str) -> Result<Vec<T>, Error> {
        match self.unreadable {
            0 => Ok(self.read),
            unreadable => {
                let message =
                    format!("{unreadable} of the {} {what} it tells of can't be read", self.read.len() + unreadable);
                Err(Error::Refused { status: 200, message })
            }
        }
    }

    /// The number of records on the page.
    pub fn given(&self) -> usize {
        self.read.len() + self.unreadable
    }

    /// These, unless there are some and none of them can be read: then it is no such list.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] where nothing on the page can be read.
    pub fn or_nothing(self) -> Result<Self, Error> {
        if self.read.is_empty() && self.unreadable > 0 {
            let message = format!("none of the {} records on its page can be read", self.unreadable);
            return Err(Error::Unreadable(message));
        }
        Ok(self)
    }
}

impl Records<NamedGroup> {
    /// The groups; none if some of them can't be read.
    pub fn all_groups(self) -> Option<Groups> {
        (self.unreadable == 0).then(|| self.read.into_iter().map(|group| GroupName::new(group.name)).collect())
    }
}

impl<'de, T: Record> Deserialize<'de> for Records<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Vec::<Box<RawValue>>::deserialize(deserializer)?;
        let given = raw.len();
        let read: Vec<T> = raw.iter().filter_map(|record| read(record.get())).collect();
        Ok(Self { unreadable: given - read.len(), read })
    }
}

/// Reads a record within another one, like one of a list.
///
/// # Errors
///
/// Where there is one, and it can't be read.
pub(in crate::products) fn inner<'de, T: Record, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    raw.filter(|raw| raw.get() != "null")
        .map(|raw| read(raw.get()).ok_or_else(|| de::Error::custom("no such record")))
        .transpose()
}

/// The record in the JSON text `record`; none if it can't be read.
pub(in crate::products) fn read<T: Record>(record: &str) -> Option<T> {
    serde_json::from_str(record).ok().or_else(|| salvage(record)).filter(T::is_of_use)
}

/// The record with those of its fields that can be read.
fn salvage<T: Record>(record: &str) -> Option<T> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(record).ok()?;
    let (mut kept, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        fields.into_iter().partition(|(name, _)| T::NEEDED.contains(&name.as_str()));
    let mut found = whole::<T>(&kept)?;
    for (name, value) in others {
        kept.insert(name.clone(), value);
        match whole(&kept) {
            Some(more) => found = more,
            None => drop(kept.remove(&name)),
        }
    }
    Some(found)
}

fn whole<T: DeserializeOwned>(fields: &BTreeMap<String, &RawValue>) -> Option<T> {
    serde_json::from_str(&serde_json::to_string(fields).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Bean {
        key: String,
        email: Option<String>,
        active: Option<bool>,
    }

    impl Record for Bean {
        const KIND: &'static str = "user";
        const NEEDED: &'static [&'static str] = &["key"];
    }

    fn read_all(json: &str) -> Records<Bean> {
        serde_json::from_str(json).unwrap()
    }

    fn bean(key: &str, email: Option<&str>, active: Option<bool>) -> Bean {
        Bean { key: key.to_owned(), email: email.map(str::to_owned), active }
    }

    #[test]
    fn one_record_that_cannot_be_read_costs_itself_alone() {
        for broken in [
            r#"{"email":"jane@acme.example"}"#,
            r#"{"key":"\ud800"}"#,
            r#"{"key":7}"#,
            r#"{"key":null}"#,
            "null",
            "7",
            r#""text""#,
            "[]",
            r#"[{"key":"b"}]"#,
        ] {
            let records = read_all(&format!(r#"[{{"key":"a"}},{broken},{{"key":"c"}}]"#));
            assert_eq!(records.read, [bean("a", None, None), bean("c", None, None)], "{broken}");
            assert_eq!((records.unreadable, records.given()), (1, 3), "{broken}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_read_is_left_out_and_the_others_stay() {
        for (broken, expected) in [
            (r#"{"key":"a","email":"\ud800","active":false}"#, bean("a", None, Some(false))),
            (r#"{"key":"a","email":{},"active":false}"#, bean("a", None, Some(false))),
            (r#"{"key":"a","email":"b","active":"perhaps"}"#, bean("a", Some("b"), None)),
            (r#"{"key":"a","unknown":"\udc00\ud800","email":"b"}"#, bean("a", Some("b"), None)),
        ] {
            assert_eq!(read_all(&format!("[{broken}]")).read, [expected], "{broken}");
        }
    }

    #[test]
    fn a_page_of_which_nothing_can_be_read_is_an_error_and_an_empty_one_is_none() {
        assert!(read_all("[]").or_nothing().is_ok());
        assert!(read_all(r#"[{"key":"a"},7]"#).or_nothing().is_ok());
        assert!(matches!(read_all("[7,{}]").or_nothing(), Err(Error::Unreadable(_))));
    }
}
