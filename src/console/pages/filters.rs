//! The filters of a list, as its address has them.

use chrono::{NaiveDate, TimeZone};

use super::word_of;
use crate::{
    console::{
        Asked,
        addresses::Address,
        frame::{Chip, Choice},
    },
    domain::Timestamp,
};

/// The filters of the list at `path`: the name of each with its value. An empty value is none.
pub(super) struct Filters<'a> {
    pub(super) path: &'static str,
    pub(super) all: Vec<(&'static str, &'a str)>,
}

/// A filter that a chip shows: its name in the address, its label, and the words of its values.
pub(super) type Label<'a> = (&'static str, &'static str, &'a [Choice]);

impl Filters<'_> {
    /// The address with all filters, on the first page.
    pub(super) fn address(&self) -> Address {
        self.at(self.path)
    }

    /// The same filters at another path.
    pub(super) fn at(&self, path: &str) -> Address {
        self.without(path, "")
    }

    fn without(&self, path: &str, left_out: &str) -> Address {
        let kept = self.all.iter().filter(|(name, _)| *name != left_out);
        kept.fold(Address::new(path), |address, (name, value)| address.with(name, value))
    }

    /// The value of a filter.
    fn value(&self, name: &str) -> &str {
        self.all.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value)
    }

    /// The filters that are on, but `hidden`, as fields that a form keeps.
    pub(super) fn kept(&self, hidden: &[&str]) -> Vec<Choice> {
        let on = self.all.iter().filter(|(name, value)| !value.is_empty() && !hidden.contains(name));
        on.map(|(name, value)| Choice::new(name, value)).collect()
    }

    /// A chip for each filter that is on.
    pub(super) fn chips(&self, labels: &[Label<'_>]) -> Vec<Chip> {
        let on = labels.iter().filter(|(name, ..)| !self.value(name).is_empty());
        let chip = |(name, label, choices): &Label<'_>| Chip {
            name: label,
            value: word_of(choices, self.value(name)),
            without: self.without(self.path, name).to_string(),
        };
        on.map(chip).collect()
    }
}

/// A time, or the begin of a day in the zone of the console.
pub(super) fn time(asked: &Asked, text: &str) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let begin = asked.zone().from_local_datetime(&day.and_hms_opt(0, 0, 0)?).earliest()?;
        return Some(Timestamp::from_millis(begin.timestamp_millis()));
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_takes_its_own_filter_off_and_keeps_the_others() {
        let filters = Filters { path: "/users", all: vec![("source", "acme"), ("q", "a&b"), ("status", "")] };
        assert_eq!(filters.address().to_string(), "/users?source=acme&q=a%26b");
        assert_eq!(filters.at("/users.csv").to_string(), "/users.csv?source=acme&q=a%26b");
        let sources = [Choice::new("acme", "Acme Jira")];
        let chips = filters.chips(&[("source", "Source", &sources), ("q", "Text", &[]), ("status", "Status", &[])]);
        let shown: Vec<_> = chips.iter().map(|chip| (chip.value.as_str(), chip.without.as_str())).collect();
        assert_eq!(shown, [("Acme Jira", "/users?q=a%26b"), ("a&b", "/users?source=acme")]);
        let kept: Vec<_> = filters.kept(&["source"]).into_iter().map(|kept| (kept.value, kept.word)).collect();
        assert_eq!(kept, [("q".to_owned(), "a&b".to_owned())]);
    }
}
