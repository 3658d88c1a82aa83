//! One action of a draft as fields, or as YAML where no field shows it.

use super::super::{pickers::with_picked, users::conditions::listed};
use crate::{config::Document, console::form::Form, domain::ActionKind};

/// The fields of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::console::pages) enum Fields {
    /// It has none.
    None,
    /// Groups or applications, one a line.
    Names(String),
    Suffix(String),
    SendsLink(bool),
    Issue {
        project: String,
        issue_type: String,
        summary: String,
        fields: String,
    },
    /// The whole action as YAML.
    Yaml(String),
}

/// The kind of an action, and its value.
pub(in crate::console::pages::schemes::wizard) fn parts(item: &Document) -> Option<(ActionKind, &Document)> {
    let [(name, value)] = item.entries()? else { return None };
    Some((named(name)?, value))
}

/// The kind of actions that is called so.
pub(in crate::console::pages::schemes::wizard) fn named(name: &str) -> Option<ActionKind> {
    ActionKind::ALL.into_iter().find(|kind| kind.as_str() == name)
}

/// An action in words, for a list.
pub(in crate::console::pages::schemes::wizard) const fn word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::AddGroups => "Add to groups",
        ActionKind::RemoveGroups => "Remove from groups",
        ActionKind::RemoveAllGroups => "Remove from all groups",
        ActionKind::RemoveApplicationAccess => "Take access to applications away",
        ActionKind::Deactivate => "Deactivate the account",
        ActionKind::Reactivate => "Reactivate the account",
        ActionKind::Delete => "Delete the account",
        ActionKind::Rename => "Append a suffix to the login name",
        ActionKind::InvalidatePassword => "Replace the password by one that nobody knows",
        ActionKind::CreateIssue => "Create an issue",
    }
}

/// The value of an action that was just chosen.
pub(in crate::console::pages::schemes::wizard) fn empty(kind: ActionKind) -> Document {
    match kind {
        ActionKind::AddGroups | ActionKind::RemoveGroups => Document::List(Vec::new()),
        ActionKind::Rename => Document::Map(vec![("suffix".to_owned(), Document::text("-inactive"))]),
        _ => Document::Map(Vec::new()),
    }
}

impl Fields {
    /// The fields that show `item`.
    pub(in crate::console::pages::schemes::wizard) fn of(item: &Document) -> Self {
        Self::shown(item).unwrap_or_else(|| Self::Yaml(item.yaml().unwrap_or_default()))
    }

    fn shown(item: &Document) -> Option<Self> {
        let (kind, value) = parts(item)?;
        let keys = |allowed: &[&str]| {
            let keys = value.entries()?;
            keys.iter().all(|(key, _)| allowed.contains(&key.as_str())).then_some(())
        };
        let text = |key: &str| match value.get(key) {
            None => Some(String::new()),
            Some(value) => value.as_text().filter(|text| !text.contains(['\n', '\r']) && text.trim() == text),
        };
        match kind {
            ActionKind::AddGroups | ActionKind::RemoveGroups => match value {
                Document::List(items) if items.is_empty() => Some(Self::Names(String::new())),
                value => listed(value).map(Self::Names),
            },
            ActionKind::RemoveApplicationAccess => {
                keys(&["applications"])?;
                let named = value.get("applications").map_or(Some(String::new()), listed)?;
                Some(Self::Names(named))
            }
            ActionKind::Rename => keys(&["suffix"]).and_then(|()| text("suffix")).map(Self::Suffix),
            ActionKind::InvalidatePassword => {
                keys(&["send_reset_link"])?;
                match text("send_reset_link")?.as_str() {
                    "" | "false" => Some(Self::SendsLink(false)),
                    "true" => Some(Self::SendsLink(true)),
                    _ => None,
                }
            }
            ActionKind::CreateIssue => {
                keys(&["project", "type", "summary", "fields"])?;
                let fields = match value.get("fields") {
                    None => String::new(),
                    Some(fields @ Document::Map(_)) => fields.yaml().ok()?,
                    Some(_) => return None,
                };
                Some(Self::Issue {
                    project: text("project")?,
                    issue_type: text("type")?,
                    summary: text("summary")?,
                    fields,
                })
            }
            ActionKind::RemoveAllGroups | ActionKind::Deactivate | ActionKind::Reactivate | ActionKind::Delete => {
                keys(&[]).map(|()| Self::None)
            }
        }
    }

    /// These fields as a form was sent.
    pub(in crate::console::pages::schemes::wizard) fn sent(&self, form: &Form) -> Self {
        let (get, line) = (|name| form.get(name).replace("\r\n", "\n"), |name| form.get(name).trim().to_owned());
        match self {
            Self::None => Self::None,
            Self::Names(_) => Self::Names(with_picked(form, "names", get("names"))),
            Self::Suffix(_) => Self::Suffix(line("suffix")),
            Self::SendsLink(_) => Self::SendsLink(form.get("send_reset_link") == "on"),
            Self::Issue { .. } => Self::Issue {
                project: line("project"),
                issue_type: line("type"),
                summary: line("summary"),
                fields: get("fields"),
            },
            Self::Yaml(_) => Self::Yaml(get("yaml")),
        }
    }

    /// `item` with what the fields say.
    ///
    /// # Errors
    /// Why the YAML in them can't be used.
    pub(in crate::console::pages::schemes::wizard) fn put_into(&self, item: &Document) -> Result<Document, String> {
        if let Self::Yaml(text) = self {
            return match Document::read(text) {
                Ok(action @ Document::Map(_)) => Ok(action),
                Ok(_) => Err("An action is a key with its value; write “add_groups: [a-group]”, say.".to_owned()),
                Err(why) => Err(format!("The action is no YAML: {why}")),
            };
        }
        let Some((kind, value)) = parts(item) else { return Ok(item.clone()) };
        let mut value = value.clone();
        let some = |text: &str| (!text.is_empty()).then(|| Document::text(text));
        match self {
            Self::None | Self::Yaml(_) => {}
            Self::Names(text) => {
                let names: Vec<_> =
                    text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
                let list = (!names.is_empty()).then(|| Document::texts(names));
                match kind {
                    ActionKind::RemoveApplicationAccess => value.set("applications", list, &[]),
                    _ => value = list.unwrap_or(Document::List(Vec::new())),
                }
            }
            Self::Suffix(suffix) => value.set("suffix", some(suffix), &[]),
            Self::SendsLink(sends) => {
                let is_written = value.get("send_reset_link").is_some();
                let link = (*sends || is_written).then(|| Document::Scalar((*sends).into()));
                value.set("send_reset_link", link, &[]);
            }
            Self::Issue { project, issue_type, summary, fields } => {
                let order = ["project", "type", "summary", "fields"];
                for (key, text) in [("project", project), ("type", issue_type), ("summary", summary)] {
                    value.set(key, some(text), &order);
                }
                value.set("fields", issue_fields(fields)?, &order);
            }
        }
        Ok(Document::Map(vec![(kind.as_str().to_owned(), value)]))
    }
}

/// The further fields of an issue: their values keep the types that they look like.
fn issue_fields(text: &str) -> Result<Option<Document>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    // They are read where they stand in a scheme.
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    let read = Document::read(&format!("create_issue:\n  fields:\n{indented}"));
    let read = read.map_err(|why| format!("The further fields are no YAML: {why}"))?;
    let fields = read.get("create_issue").and_then(|issue| issue.get("fields"));
    match fields {
        Some(fields @ Document::Map(_)) => Ok(Some(fields.clone())),
        _ => Err("The further fields are keys with values; write “priority: { name: High }”, say.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_the_same_after_it_was_shown_and_sent_whatever_it_holds() {
        for action in [
            "add_groups: [a, 'b c']",
            "remove_groups: []",
            "add_groups: a",
            "remove_all_groups: {}",
            "remove_all_groups: { odd: 1 }",
            "remove_application_access: {}",
            "remove_application_access: { applications: [jira-software] }",
            "deactivate: {}",
            "delete: {}",
            "rename: { suffix: '-x' }",
            "rename: {}",
            "rename: { suffix: [a] }",
            "invalidate_password: {}",
            "invalidate_password: { send_reset_link: false }",
            "invalidate_password: { send_reset_link: true }",
            "invalidate_password: { send_reset_link: odd }",
            "create_issue: { project: OPS, type: Task, summary: 'a b', fields: { a: 0x1F, b: '0x1F', c: [~, 1.5, {d: e}] } }",
            "create_issue: { project: OPS, fields: [a] }",
            "odd: { key: 1 }",
            "{ add_groups: [a], deactivate: {} }",
        ] {
            let item = Document::read(action).expect("YAML");
            let fields = Fields::of(&item);
            assert_eq!(fields.put_into(&item).as_ref(), Ok(&item), "{action}: {fields:?}");
        }
    }
}
