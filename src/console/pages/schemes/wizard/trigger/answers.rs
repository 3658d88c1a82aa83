//! The answers of step 1, and the keys of a scheme that they stand for.

use super::{super::kept::ORDER, KINDS};
use crate::{
    config::Document,
    console::{form::Form, frame::FieldError},
    domain::TriggerKind,
};

/// The id of the first of the triggers to choose among.
const KIND: &str = "kind-on_create";
/// The id of the list of times.
const TIME: &str = "plain";

/// The times that a list offers; any other is written as a cron pattern.
pub(super) const PLAIN: [(&str, &str); 5] = [
    ("0 * * * *", "Every hour"),
    ("0 3 * * *", "Every day at 03:00"),
    ("0 3 * * MON", "Every Monday at 03:00"),
    ("0 3 1 * *", "On the 1st of every month at 03:00"),
    ("0 3 1 1 *", "Every year on 1 January at 03:00"),
];

/// The fields of the page.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) plain: String,
    pub(super) cron: String,
    pub(super) timezone: String,
    /// Whether the trigger is written in a way that the fields do not show; then they leave it alone.
    pub(super) is_other: bool,
}

impl Answers {
    pub(super) fn of(document: &Document) -> Self {
        let text = |key| document.get(key).and_then(Document::as_text).unwrap_or_default();
        let mut answers = Self { id: text("id"), source: text("source"), ..Self::default() };
        match document.get("trigger") {
            None => {}
            Some(trigger) => match (trigger.entries(), trigger.as_text()) {
                (None, Some(word)) if KINDS.iter().any(|(kind, ..)| kind.as_str() == word) => answers.kind = word,
                (Some(entries), _)
                    if entries
                        .iter()
                        .all(|(key, value)| ["cron", "timezone"].contains(&&**key) && value.as_text().is_some()) =>
                {
                    let text = |key| trigger.get(key).and_then(Document::as_text).unwrap_or_default();
                    TriggerKind::Schedule.as_str().clone_into(&mut answers.kind);
                    answers.set_cron(&text("cron"));
                    answers.timezone = text("timezone");
                }
                _ => answers.is_other = true,
            },
        }
        answers
    }

    fn set_cron(&mut self, cron: &str) {
        match PLAIN.iter().any(|(plain, _)| *plain == cron) {
            true => cron.clone_into(&mut self.plain),
            false => cron.clone_into(&mut self.cron),
        }
    }

    pub(super) fn sent(form: &Form, was_other: bool) -> Self {
        let get = |name| form.get(name).trim().to_owned();
        let kind = get("kind");
        Self {
            id: get("id"),
            source: get("source"),
            is_other: was_other && kind.is_empty(),
            kind,
            plain: get("plain"),
            cron: get("cron"),
            timezone: get("timezone"),
        }
    }

    pub(super) fn pattern(&self) -> &str {
        if self.cron.is_empty() { &self.plain } else { &self.cron }
    }

    fn trigger(&self) -> Option<Document> {
        let some = |text: &str| (!text.is_empty()).then(|| Document::text(text));
        if self.kind != TriggerKind::Schedule.as_str() {
            return some(&self.kind);
        }
        let mut schedule = Document::Map(Vec::new());
        schedule.set("cron", Some(Document::text(self.pattern())), &[]);
        schedule.set("timezone", some(&self.timezone), &[]);
        Some(schedule)
    }

    /// The answers that are not given.
    pub(super) fn missing(&self) -> Vec<FieldError> {
        let is_untimed = self.kind == TriggerKind::Schedule.as_str() && self.pattern().is_empty();
        let all = [
            (self.id.is_empty(), "id", "Give the scheme an id."),
            (self.source.is_empty(), "source", "Choose a source."),
            (self.kind.is_empty() && !self.is_other, KIND, "Choose what sets it off."),
            (is_untimed, TIME, "Choose a time from the list, or write a cron pattern."),
        ];
        let missing = all.into_iter().filter(|(is_missing, ..)| *is_missing);
        missing.map(|(_, field, text)| FieldError { field, text: text.to_owned() }).collect()
    }

    /// Whether `fault` is about an answer that is not given: that is said already.
    pub(super) fn is_about_missing(&self, fault: &FieldError) -> bool {
        // A time that is missing is a fault of the pattern, or of the trigger as a whole.
        let is = |missing: &FieldError| match missing.field {
            TIME => ["cron", KIND].contains(&fault.field),
            field => field == fault.field,
        };
        self.missing().iter().any(is)
    }

    pub(super) fn put_into(&self, document: &mut Document) {
        let some = |text: &str| (!text.is_empty()).then(|| Document::text(text));
        document.set("id", some(&self.id), &ORDER);
        document.set("source", some(&self.source), &ORDER);
        if !self.is_other {
            document.set("trigger", self.trigger(), &ORDER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_that_is_not_given_leads_to_its_field() {
        let fields = |answers: &Answers| answers.missing().iter().map(|fault| fault.field).collect::<Vec<_>>();
        let none = Answers::default();
        assert_eq!(fields(&none), ["id", "source", KIND]);
        let about = |field| none.is_about_missing(&FieldError { field, text: String::new() });
        assert!(about("id") && about(KIND) && !about("timezone") && !about("cron"));
        let whole = |kind: &str, cron: &str| Answers {
            id: "a".into(),
            source: "acme".into(),
            kind: kind.into(),
            cron: cron.into(),
            ..Answers::default()
        };
        assert_eq!(fields(&whole("schedule", "")), [TIME]);
        assert!(whole("schedule", "").is_about_missing(&FieldError { field: "cron", text: String::new() }));
        assert!(fields(&whole("schedule", "0 3 * * *")).is_empty() && fields(&whole("manual", "")).is_empty());
        let other = Answers { is_other: true, ..whole("", "") };
        assert!(fields(&other).is_empty(), "a trigger that no field shows is one");
    }
}
