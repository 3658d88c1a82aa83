//! Values of any JSON type, read leniently: in place, or set apart where one of them can't be read.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor},
};
use serde_json::value::RawValue;

use crate::domain::WrittenTime;

/// A scalar of any type as text. Anything else and an empty text are none.
pub(super) trait Text {
    fn get(&self) -> Option<&str>;
}

/// A time in any form. What can't be one is none.
pub(super) trait Time {
    fn get(self) -> Option<WrittenTime>;
}

/// A text that is read where it stands. One that can't be read, such as half a surrogate, is an error.
#[derive(Default)]
pub(super) struct InPlace<'a>(Option<Cow<'a, str>>);

/// A text of which the end is found first, and then the content: one that can't be read costs no other field.
#[derive(Default)]
pub(super) struct SetApart<'a>(Option<Cow<'a, str>>);

impl Text for InPlace<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl Text for SetApart<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for InPlace<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SetApart<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = <&RawValue>::deserialize(deserializer)?;
        let text = serde_json::Deserializer::from_str(written.get()).deserialize_any(TextVisitor);
        Ok(Self(text.unwrap_or_default()))
    }
}

/// A time that is read where it stands: a whole number or a text. Other forms are an error.
#[derive(Default)]
pub(super) struct TimeInPlace(Option<WrittenTime>);

/// A time of which the end is found first.
#[derive(Default)]
pub(super) struct TimeSetApart(Option<WrittenTime>);

impl Time for TimeInPlace {
    fn get(self) -> Option<WrittenTime> {
        self.0
    }
}

impl Time for TimeSetApart {
    fn get(self) -> Option<WrittenTime> {
        self.0
    }
}

impl<'de> Deserialize<'de> for TimeInPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

impl<'de> Deserialize<'de> for TimeSetApart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(WrittenTime::lenient(&mut serde_json::Deserializer::from_str(written.get())).unwrap_or_default()))
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = TimeInPlace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or a text")
    }

    fn visit_i64<E>(self, number: i64) -> Result<TimeInPlace, E> {
        Ok(TimeInPlace(Some(WrittenTime::Number(number))))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<TimeInPlace, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<TimeInPlace, E> {
        let text = Some(text).filter(|text| !text.trim().is_empty());
        Ok(TimeInPlace(text.map(|text| WrittenTime::Text(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<TimeInPlace, E> {
        Ok(TimeInPlace(None))
    }
}

pub(super) struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
