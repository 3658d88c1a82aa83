//! The conditions of a draft as fields, and what no field shows as YAML. Nothing of a selection is lost on the way.

use crate::{
    config::{Document, Problems, objection},
    console::form::Form,
    domain::{ConditionKind, TriggerKind},
};

/// The fields. A condition is there if its field is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Whether all of them have to hold.
    pub(super) all: bool,
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
    /// The rest as YAML.
    pub(super) more: String,
}

/// The id of the field for a condition.
pub(super) fn field_of(condition: &str) -> &'static str {
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
    /// The fields that show `select`; none if it is no map.
    pub(super) fn of(select: Option<&Document>) -> Option<Self> {
        let Some(select) = select else { return Some(Self::default()) };
        let entries = select.entries()?;
        if let [(key, Document::List(items))] = entries
            && key == ConditionKind::All.as_str()
            && let Some(parts) = each_once(items)
        {
            return Some(Self { all: true, ..Self::shown(parts.iter().map(|(key, value)| (key.as_str(), value))) });
        }
        Some(Self::shown(entries.iter().map(|(key, value)| (key.as_str(), value))))
    }

    fn shown<'d>(entries: impl Iterator<Item = (&'d str, &'d Document)>) -> Self {
        let (mut fields, mut more) = (Self::default(), Vec::new());
        for (key, value) in entries {
            if fields.take(key, value).is_none() {
                more.push((key.to_owned(), value.clone()));
            }
        }
        if !more.is_empty() {
            fields.more = Document::Map(more).yaml().unwrap_or_default();
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
            all: form.get("match") == "all",
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

    /// The selection that the fields say; none if they say nothing. Conditions that `before` has stay in their order.
    ///
    /// # Errors
    /// Why the YAML can't be used.
    pub(super) fn select(&self, before: Option<&Document>) -> Result<Option<Document>, More> {
        let mut conditions = self.fields();
        if !self.more.trim().is_empty() {
            let Document::Map(more) = Document::read(&self.more).map_err(More::NotYaml)? else {
                return Err(More::NoMap);
            };
            if let Some((key, _)) = more.iter().find(|(key, _)| conditions.iter().any(|(other, _)| other == key)) {
                return Err(More::Twice(key.clone()));
            }
            conditions.extend(more);
        }
        if conditions.is_empty() {
            return Ok(None);
        }
        let known: Vec<&str> = match before.and_then(Document::entries) {
            Some([(key, Document::List(items))]) if key == "all" => {
                items.iter().filter_map(|item| Some(item.entries()?.first()?.0.as_str())).collect()
            }
            Some(entries) => entries.iter().map(|(key, _)| key.as_str()).collect(),
            None => Vec::new(),
        };
        conditions.sort_by_key(|(key, _)| known.iter().position(|other| other == key).unwrap_or(known.len()));
        if !self.all || conditions.len() == 1 {
            return Ok(Some(Document::Map(conditions)));
        }
        let items = conditions.into_iter().map(|condition| Document::Map(vec![condition])).collect();
        Ok(Some(Document::Map(vec![(ConditionKind::All.as_str().to_owned(), Document::List(items))])))
    }

    fn fields(&self) -> Vec<(String, Document)> {
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
            Self::NoMap => "The other conditions are no keys and values; write “any: [{ … }, { … }]”, say.".to_owned(),
            Self::Twice(key) => {
                format!("“{key}” stands among the other conditions, and has a field above that is filled in; keep one.")
            }
        }
    }
}

/// The conditions in the items of `all`, if each item has one and each of them stands once.
fn each_once(items: &[Document]) -> Option<Vec<(String, Document)>> {
    let mut parts: Vec<(String, Document)> = Vec::new();
    for item in items {
        let [part] = item.entries()? else { return None };
        if parts.iter().any(|(key, _)| *key == part.0) {
            return None;
        }
        parts.push(part.clone());
    }
    (parts.len() > 1).then_some(parts)
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
pub(super) fn listed(value: &Document) -> Option<String> {
    let Document::List(items) = value else { return None };
    let lines: Vec<_> = items.iter().map(one_line).collect::<Option<_>>()?;
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The selection after it was shown and sent without a change.
    fn sent_again(select: &str) -> Document {
        let before = Document::read(select).expect("YAML");
        let fields = Conditions::of(Some(&before)).expect("a map");
        fields.select(Some(&before)).expect("it was read from there").expect("conditions")
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
            "{ email_domain: [], users: ['a\\nb'], where: '' , deactivated: 'true ' }",
            "{ never_logged_in: { created_before: 14d, odd: 1 } }",
        ] {
            assert_eq!(sent_again(select), Document::read(select).expect("YAML"), "{select}");
        }
        assert_eq!(Conditions::of(Some(&Document::read("[a]").expect("YAML"))), None);
        assert_eq!(Conditions::default().select(None).expect("nothing").map(|_| ()), None);
    }

    #[test]
    fn what_stands_in_a_field_and_in_the_yaml_is_refused() {
        let fields = |more: &str| Conditions { deactivated: true, more: more.to_owned(), ..Conditions::default() };
        assert!(matches!(fields("deactivated: true").select(None), Err(More::Twice(key)) if key == "deactivated"));
        assert!(matches!(fields("[a]").select(None), Err(More::NoMap)));
        assert!(matches!(fields("a: [").select(None), Err(More::NotYaml(_))));
    }
}
