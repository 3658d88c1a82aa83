//! The answers of a draft in words, as the page of a scheme has them. What can't be read yet is shown as YAML.

use super::super::{
    Kept, Step,
    action::{Fields, parts, word},
    address,
};
use crate::{config::Document, console::pages::schemes::read::Reading};

/// An answer with the step where it is changed.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
    pub(super) change: String,
}

/// All answers. `reading` is the draft as far as it is written, if it can be read.
pub(super) fn rows(kept: &Kept, reading: Option<&Reading>) -> Vec<Row> {
    let document = &kept.document;
    let text = |key| document.get(key).and_then(Document::as_text);
    let row = |name, step: Step, values| Row {
        name,
        values,
        change: address(kept.id()).segment(step.path()).with("back", "overview").to_string(),
    };
    let said = |key: &str, words: &dyn Fn(&Reading) -> Vec<String>, yaml: &dyn Fn(&Document) -> Vec<String>| match (
        document.get(key),
        reading,
    ) {
        (None, _) => not_said(),
        (Some(_), Some(reading)) => words(reading),
        (Some(value), None) => yaml(value),
    };
    let mut rows = vec![
        row("Id", Step::Trigger, text("id").map_or_else(not_said, one)),
        row("Source", Step::Trigger, text("source").map_or_else(not_said, one)),
        row("Trigger", Step::Trigger, said("trigger", &trigger, &|value| one(yaml(value)))),
        row(users_word(reading), Step::Users, said("select", &conditions, &conditions_yaml)),
    ];
    rows.extend(left_out(document, reading).into_iter().map(|(name, value)| row(name, Step::Users, one(value))));
    rows.push(row("Actions", Step::Actions, said("actions", &actions, &actions_yaml)));
    let limits = match (document.get("limits"), reading) {
        (Some(limits), None) => yaml(limits),
        (None, None) => "None".to_owned(),
        (_, Some(reading)) => reading.limits.clone(),
    };
    rows.push(row("Limits", Step::Actions, one(limits)));
    rows.push(row("Name", Step::Audit, one(text("name").unwrap_or_else(|| "The id".to_owned()))));
    rows
}

fn one(text: String) -> Vec<String> {
    vec![text]
}

fn not_said() -> Vec<String> {
    one("Not said yet".to_owned())
}

fn yaml(value: &Document) -> String {
    value.yaml().unwrap_or_default().trim_end().to_owned()
}

fn users_word(reading: Option<&Reading>) -> &'static str {
    match reading {
        Some(reading) if reading.conditions.len() > 1 => "Users, any of these holds",
        Some(_) | None => "Users",
    }
}

fn trigger(reading: &Reading) -> Vec<String> {
    let next = reading.next.first().map(|at| format!("Next: {} ({})", at.shown, at.ago));
    [Some(reading.trigger.clone()), next].into_iter().flatten().collect()
}

fn conditions(reading: &Reading) -> Vec<String> {
    reading.conditions.iter().map(|condition| format!("whoever {condition}")).collect()
}

fn conditions_yaml(select: &Document) -> Vec<String> {
    match select.entries() {
        Some(entries) => {
            entries.iter().map(|(key, value)| yaml(&Document::Map(vec![(key.clone(), value.clone())]))).collect()
        }
        None => one(yaml(select)),
    }
}

/// Those who are never touched, as far as the draft names them.
fn left_out(document: &Document, reading: Option<&Reading>) -> Vec<(&'static str, String)> {
    let Some(reading) = reading else {
        let of = |(name, key)| Some((name, yaml(document.get(key)?)));
        return [("Only members of", "only_groups"), ("Never these", "exempt")].into_iter().filter_map(of).collect();
    };
    let all = [
        ("Only members of", &reading.only_groups),
        ("Never these users", &reading.exempt_users),
        ("Never members of", &reading.exempt_groups),
    ];
    let named = all.into_iter().filter(|(_, names)| !names.is_empty());
    named.map(|(name, names)| (name, names.join(", "))).collect()
}

fn actions(reading: &Reading) -> Vec<String> {
    let numbered = reading.actions.iter().enumerate();
    numbered.map(|(place, action)| format!("{}. The user {} ({})", place + 1, action.words, action.undo.word)).collect()
}

fn actions_yaml(actions: &Document) -> Vec<String> {
    match actions {
        Document::List(items) => items.iter().enumerate().map(|(at, item)| one_action(at + 1, item)).collect(),
        other => one(yaml(other)),
    }
}

fn one_action(number: usize, item: &Document) -> String {
    let detail = match Fields::of(item) {
        Fields::None | Fields::SendsLink(false) => String::new(),
        Fields::Names(names) => names.lines().collect::<Vec<_>>().join(", "),
        Fields::Suffix(suffix) => suffix,
        Fields::SendsLink(true) => "with a link to set a new one".to_owned(),
        Fields::Issue { project, summary, .. } => format!("in {project}: {summary}"),
        Fields::Yaml(text) => text,
    };
    let word = parts(item).map_or("As YAML", |(kind, _)| word(kind));
    format!("{number}. {word} {detail}").trim_end().to_owned()
}
