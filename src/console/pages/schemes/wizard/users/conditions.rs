//! The conditions of a draft as fields, and what no field shows as YAML. Nothing of a selection is lost on the way.

use super::groups::{Group, Item, each, list};
use crate::{
    config::{Document, Problems, objection},
    console::form::Form,
    domain::{ConditionKind, TriggerKind},
};

/// The fields. A condition is there if its field is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    pub(super) everyone: bool,
    pub(super) never: bool,
    pub(super) never_created: String,
    pub(super) last_login: String,
    pub(super) once: bool,
    pub(super) once_not_within: String,
    pub(super) deactivated: bool,
    pub(super) domain: String,
    pub(super) domain_not: String,
    pub(super) users: String,
    pub(super) expression: String,
    /// The rest as YAML, groups excepted.
    pub(super) more: String,
}

/// The id of the field for a condition.
pub(in crate::console::pages::schemes::wizard) fn field_of(condition: &str) -> &'static str {
    match condition {
        "everyone" => "everyone",
        "never_logged_in" => "never_created",
        "last_login_before" => "last_login",
        "logged_in_once" => "once_not_within",
        "deactivated" => "deactivated",
        "email_domain" => "domain",
        "email_domain_not" => "domain_not",
        "users" => "users",
        "where" => "expression",
        "" => "everyone",
        _ => "more",
    }
}

/// The conditions that have fields, in the order of the page.
const SHOWN: [ConditionKind; 9] = [
    ConditionKind::NeverLoggedIn,
    ConditionKind::LastLoginBefore,
    ConditionKind::LoggedInOnce,
    ConditionKind::Deactivated,
    ConditionKind::EmailDomain,
    ConditionKind::EmailDomainNot,
    ConditionKind::Users,
    ConditionKind::Where,
    ConditionKind::Everyone,
];

/// Why conditions do not go with the trigger, by the field.
#[derive(Default)]
pub(super) struct Objections {
    pub(super) never: Option<String>,
    pub(super) last_login: Option<String>,
    pub(super) once: Option<String>,
    pub(super) deactivated: Option<String>,
    pub(super) users: Option<String>,
}

impl Objections {
    pub(super) fn of(trigger: Option<TriggerKind>) -> Self {
        let Some(trigger) = trigger else { return Self::default() };
        let of = |kind| {
            // What to write instead is for those who write YAML.
            let why = objection(kind, trigger)?.split(';').next().unwrap_or_default();
            Some(format!("Not with this trigger: {why}."))
        };
        Self {
            never: of(ConditionKind::NeverLoggedIn),
            last_login: of(ConditionKind::LastLoginBefore),
            once: of(ConditionKind::LoggedInOnce),
            deactivated: of(ConditionKind::Deactivated),
            users: of(ConditionKind::Users),
        }
    }
}

impl Conditions {
    /// The fields that show the conditions of `group`; its own groups are shown elsewhere.
    pub(super) fn of(group: &Group) -> Self {
        let (mut fields, mut more, mut taken) = (Self::default(), Vec::new(), Vec::new());
        for item in group.items.iter().filter(|item| Group::of_item(item).is_none()) {
            let (key, value) = item;
            if taken.contains(&key) || fields.take(key, value).is_none() {
                more.push(item.clone());
            } else {
                taken.push(key);
            }
        }
        let is_map = more
            .iter()
            .enumerate()
            .all(|(place, (key, _))| !taken.contains(&key) && more[..place].iter().all(|(other, _)| other != key));
        let rest = if is_map { Document::Map(more) } else { list(&more) };
        if !matches!(&rest, Document::Map(more) if more.is_empty()) {
            fields.more = rest.yaml().unwrap_or_default();
        }
        fields
    }

    /// Shows one condition by its field; none if that field can't show it.
    fn take(&mut self, key: &str, value: &Document) -> Option<()> {
        let is_true = || value.as_text().filter(|text| ["true", "True", "TRUE"].contains(&text.as_str())).map(|_| true);
        match SHOWN.into_iter().find(|kind| kind.as_str() == key)? {
            ConditionKind::Everyone => self.everyone = is_true()?,
            ConditionKind::Deactivated => self.deactivated = is_true()?,
            ConditionKind::NeverLoggedIn => {
                self.never_created = only(value, "created_before")?;
                self.never = true;
            }
            ConditionKind::LoggedInOnce => {
                self.once_not_within = only(value, "not_within")?;
                self.once = true;
            }
            ConditionKind::LastLoginBefore => self.last_login = one_line(value)?,
            ConditionKind::EmailDomain => self.domain = listed(value)?,
            ConditionKind::EmailDomainNot => self.domain_not = listed(value)?,
            ConditionKind::Users => self.users = listed(value)?,
            ConditionKind::Where => {
                self.expression = value.as_text().filter(|text| !text.trim().is_empty() && !text.contains('\r'))?;
            }
            ConditionKind::All | ConditionKind::Any | ConditionKind::Not => return None,
        }
        Some(())
    }

    /// As a form was sent.
    pub(super) fn sent(form: &Form) -> Self {
        let get = |name| form.get(name).replace("\r\n", "\n");
        let line = |name| form.get(name).trim().to_owned();
        let is_on = |name| form.get(name) == "on";
        Self {
            everyone: is_on("everyone"),
            never: is_on("never"),
            never_created: line("never_created"),
            last_login: line("last_login"),
            once: is_on("once"),
            once_not_within: line("once_not_within"),
            deactivated: is_on("deactivated"),
            domain: get("domain"),
            domain_not: get("domain_not"),
            users: get("users"),
            expression: get("expression"),
            more: get("more"),
        }
    }

    /// `group` with what the fields say in place of its conditions. Those that it has stay in their order, and so do its
    /// groups.
    ///
    /// # Errors
    /// Why the YAML can't be used.
    pub(super) fn put_into(&self, group: &Group) -> Result<Vec<Item>, More> {
        if Self::of(group) == *self {
            return Ok(group.items.clone());
        }
        let mut said = self.fields();
        if !self.more.trim().is_empty() {
            match Document::read(&self.more).map_err(More::NotYaml)? {
                Document::Map(more) => {
                    if let Some((key, _)) = more.iter().find(|(key, _)| said.iter().any(|(other, _)| other == key)) {
                        return Err(More::Twice(key.clone()));
                    }
                    said.extend(more);
                }
                Document::List(items) => said.extend(each(&items).ok_or(More::NoMap)?),
                Document::Scalar(_) => return Err(More::NoMap),
            }
        }
        let mut items = Vec::new();
        for item in &group.items {
            if Group::of_item(item).is_some() {
                items.push(item.clone());
            } else if let Some(place) = said.iter().position(|(key, _)| *key == item.0) {
                items.push(said.remove(place));
            }
        }
        items.extend(said);
        Ok(items)
    }

    fn fields(&self) -> Vec<Item> {
        let yes = |is_on: bool| is_on.then(|| Document::Scalar(true.into()));
        let text = |text: &str| (!text.trim().is_empty()).then(|| Document::text(text));
        let lines = |text: &str, split: fn(char) -> bool| {
            let items: Vec<_> =
                text.split(split).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
            (!items.is_empty()).then(|| Document::texts(items))
        };
        let aged = |is_on: bool, key: &str, age: &str| {
            let keys = text(age).map(|age| (key.to_owned(), age)).into_iter().collect();
            (is_on || !age.is_empty()).then_some(Document::Map(keys))
        };
        let is_between = |c: char| c == '\n' || c == ',' || c.is_whitespace();
        let fields = SHOWN.map(|kind| {
            let value = match kind {
                ConditionKind::NeverLoggedIn => aged(self.never, "created_before", &self.never_created),
                ConditionKind::LastLoginBefore => text(&self.last_login),
                ConditionKind::LoggedInOnce => aged(self.once, "not_within", &self.once_not_within),
                ConditionKind::Deactivated => yes(self.deactivated),
                ConditionKind::EmailDomain => lines(&self.domain, is_between),
                ConditionKind::EmailDomainNot => lines(&self.domain_not, is_between),
                ConditionKind::Users => lines(&self.users, |c| c == '\n'),
                ConditionKind::Where => text(&self.expression),
                ConditionKind::Everyone => yes(self.everyone),
                ConditionKind::All | ConditionKind::Any | ConditionKind::Not => None,
            };
            value.map(|value| (kind.as_str().to_owned(), value))
        });
        fields.into_iter().flatten().collect()
    }
}

/// Why the YAML of the other conditions can't be used.
#[derive(Debug)]
pub(super) enum More {
    NotYaml(Problems),
    NoMap,
    /// A field says the same.
    Twice(String),
}

impl More {
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::NotYaml(why) => format!("The other conditions are no YAML: {why}"),
            Self::NoMap => "The other conditions are no keys and values; write “deactivated: true”, say.".to_owned(),
            Self::Twice(key) => {
                format!("“{key}” stands among the other conditions, and has a field above that is filled in; keep one.")
            }
        }
    }
}

/// A text of one line, without blanks around it.
fn one_line(value: &Document) -> Option<String> {
    value.as_text().filter(|text| !text.is_empty() && text.trim() == text && !text.contains(['\n', '\r']))
}

/// The value of the only key that a map has; empty if it has none.
fn only(value: &Document, key: &str) -> Option<String> {
    match value.entries()? {
        [] => Some(String::new()),
        [(name, value)] if name == key => one_line(value),
        _ => None,
    }
}

/// A list of texts of one line, one a line.
pub(in crate::console::pages::schemes::wizard) fn listed(value: &Document) -> Option<String> {
    let Document::List(items) = value else { return None };
    let lines: Vec<_> = items.iter().map(one_line).collect::<Option<_>>()?;
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The selection after it was shown and sent, first as it is, then with one more condition and without it again.
    fn sent_again(select: &str) -> [Option<Document>; 2] {
        let group = |select: &Document| Group::of(Some(select)).expect("a map");
        let before = group(&Document::read(select).expect("YAML"));
        let fields = Conditions::of(&before);
        let same = Group { items: fields.put_into(&before).expect("it was read from there"), ..before.clone() };
        let more = Conditions { users: "one-more".into(), ..fields.clone() };
        let more = Group { items: more.put_into(&before).expect("one more"), ..before };
        let again = Group { items: fields.put_into(&more).expect("one less"), ..more };
        [same.select(), again.select()]
    }

    #[test]
    fn whatever_a_selection_holds_it_is_the_same_after_it_was_shown_and_sent() {
        for select in [
            "{ everyone: true }",
            "{ where: 'user.groups.size() == 0', email_domain: [b.com, a.com], never_logged_in: {} }",
            "{ never_logged_in: { created_before: 14d }, logged_in_once: { not_within: 3d }, last_login_before: 90d }",
            "{ all: [{ deactivated: true }, { email_domain_not: ['*.a.com'] }] }",
            "{ all: [{ deactivated: true }, { not: { users: [a] } }, { any: [{ everyone: true }, { deactivated: true }] }] }",
            "{ all: [{ email_domain: [a.com] }, { email_domain: [b.com] }] }",
            "{ all: [{ deactivated: true }] }",
            "{ any: [{ deactivated: true }], deactivated: true, not: { users: [x] } }",
            "{ everyone: false, last_login_before: [90d], email_domain: a.com, odd: { key: 1 } }",
            "{ email_domain: [], where: '' , deactivated: 'true ' }",
            "{ never_logged_in: { created_before: 14d, odd: 1 } }",
            "{ all: [{ odd: 1 }, { odd: 2 }, { any: [a] }] }",
        ] {
            let whole = Some(Document::read(select).expect("YAML"));
            assert_eq!(sent_again(select), [whole.clone(), whole], "{select}");
        }
        let nothing = Conditions::default().put_into(&Group::default()).expect("nothing");
        assert!(nothing.is_empty());
    }

    #[test]
    fn what_stands_in_a_field_and_in_the_yaml_is_refused() {
        let of = |more: &str| {
            let fields = Conditions { deactivated: true, more: more.to_owned(), ..Conditions::default() };
            fields.put_into(&Group::default())
        };
        assert!(matches!(of("deactivated: true"), Err(More::Twice(key)) if key == "deactivated"));
        assert!(matches!(of("[a]"), Err(More::NoMap)));
        assert!(matches!(of("a"), Err(More::NoMap)));
        assert!(matches!(of("a: ["), Err(More::NotYaml(_))));
        assert_eq!(of("[{ deactivated: true }]").expect("twice, as a list").len(), 2);
    }
}
