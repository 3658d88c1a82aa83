//! Texts with names in them: `{{ user.name }}`.

use std::collections::BTreeMap;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::domain::{Fact, Facts, Logins, Scheme, UserRef};

use super::Subject;

/// The longest text made of a template, and the longest that is put in for a name, in bytes. Jira's long fields take
/// 32,767 characters.
const MAX_RENDERED: usize = 32_767;

/// The longest template, in bytes.
const MAX_TEMPLATE: usize = 4096;

/// The highest length of an expression between `{{` and `}}`, in bytes: the parser recurses for each part.
const MAX_EXPRESSION: usize = 300;

/// The highest number of steps for one text.
const STEPS: u64 = 20_000;

/// The names that a template may use. Each is replaced by a text, or by `unknown` if the fact is unknown.
const NAMES: [&str; 14] = [
    "user.id",
    "user.name",
    "user.email",
    "user.domain",
    "user.active",
    "user.groups",
    "user.applications",
    "user.created",
    "user.last_login",
    "user.login_count",
    "user.directory",
    "scheme.id",
    "scheme.name",
    "source",
];

/// The reason why a text is not a template. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The text has a syntax error.
    #[error("the template can't be read: {0}")]
    Syntax(String),
    /// The text uses an unknown name.
    #[error("there is no `{name}` in templates; write one of: {}", NAMES.join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// The text does more than insert names.
    #[error("a template puts names into a text, `{{{{ user.name }}}}`, and no more; leave out the `{0}`")]
    TooClever(&'static str),
    /// The text is too long.
    #[error("{what} is longer than {most} bytes")]
    TooLong {
        /// The part that is too long.
        what: &'static str,
        /// The highest length.
        most: usize,
    },
    /// The text can't be rendered.
    #[error("the template can't be rendered: {0}")]
    Rendering(String),
}

/// Whether `text` can be used as a template.
///
/// # Errors
///
/// Says what is wrong and what to write instead.
pub fn check_template(text: &str) -> Result<(), TemplateError> {
    bounds(text)?;
    let environment = environment();
    let template = environment.template_from_str(text).map_err(|error| TemplateError::Syntax(plainly(&error)))?;
    let mut unknown: Vec<_> = template.undeclared_variables(true).into_iter().collect();
    unknown.retain(|name| !NAMES.contains(&name.as_str()));
    unknown.sort();
    if let Some(name) = unknown.into_iter().next() {
        return Err(TemplateError::Unknown { name });
    }
    Names::unknown().render(text).map(|_| ())
}

/// Refuses a template that could take long. There are no statements, so nothing is done more than once; and nothing is
/// multiplied.
fn bounds(text: &str) -> Result<(), TemplateError> {
    if text.len() > MAX_TEMPLATE {
        return Err(TemplateError::TooLong { what: "the template", most: MAX_TEMPLATE });
    }
    // A comment could hold a `{{` that begins nothing.
    for (begin, whole) in [("{%", "{% ... %}"), ("{#", "{# ... #}")] {
        if text.contains(begin) {
            return Err(TemplateError::TooClever(whole));
        }
    }
    for expression in text.split("{{").skip(1) {
        let Some((expression, _)) = expression.split_once("}}") else {
            return Err(TemplateError::Syntax("a `{{` is not closed with `}}`".into()));
        };
        bounds_of_expression(expression)?;
    }
    Ok(())
}

/// Refuses an expression that could take long, or that ends elsewhere for the template language than at the first `}}`.
/// The latter happens in quoted texts and in braces. With one kind of quotes and no backslashes, an even number of
/// quotes closes all texts.
fn bounds_of_expression(expression: &str) -> Result<(), TemplateError> {
    if expression.len() > MAX_EXPRESSION {
        return Err(TemplateError::TooLong { what: "what stands between `{{` and `}}`", most: MAX_EXPRESSION });
    }
    for clever in ["*", "\\", "{", "}"] {
        if expression.contains(clever) {
            return Err(TemplateError::TooClever(clever));
        }
    }
    let [single, double] = ['\'', '"'].map(|quote| expression.matches(quote).count());
    if single > 0 && double > 0 {
        return Err(TemplateError::Syntax("write the texts in one expression in one kind of quotes".into()));
    }
    if (single + double) % 2 == 1 {
        return Err(TemplateError::Syntax("a quote is not closed".into()));
    }
    Ok(())
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(STEPS));
    environment.add_filter("upper", |text: &str| text.to_uppercase());
    environment.add_filter("lower", |text: &str| text.to_lowercase());
    environment
}

/// The kind of the error; its detail may contain inserted values.
fn plainly(error: &minijinja::Error) -> String {
    let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
    match (error.kind(), error.detail()) {
        (ErrorKind::SyntaxError, Some(detail)) => format!("{detail}{line}"),
        (kind, _) => format!("{kind}{line}"),
    }
}

/// The values of the names.
pub(super) struct Names(Value);

impl Names {
    /// The values for `user` as selected by `scheme`.
    pub(super) fn of(scheme: &Scheme, user: &UserRef, subject: &Subject<'_>) -> Self {
        let mut names = facts(subject.facts);
        names.insert("user.id", user.id().map(ToString::to_string));
        names.insert("scheme.id", Some(scheme.id.to_string()));
        names.insert("scheme.name", Some(scheme.name.clone()));
        names.insert("source", Some(scheme.source.to_string()));
        Self::nested(&names)
    }

    /// The values without a user: all are unknown.
    fn unknown() -> Self {
        Self::nested(&BTreeMap::new())
    }

    /// `user.id` as `id` in `user`.
    fn nested(texts: &BTreeMap<&'static str, Option<String>>) -> Self {
        let mut whole: BTreeMap<&str, Value> = BTreeMap::new();
        let mut parts: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for name in NAMES {
            let mut text = texts.get(name).cloned().flatten().unwrap_or_else(|| "unknown".to_owned());
            text.truncate(text.floor_char_boundary(MAX_RENDERED));
            match name.split_once('.') {
                Some((outer, inner)) => drop(parts.entry(outer).or_default().insert(inner, text.into())),
                None => drop(whole.insert(name, text.into())),
            }
        }
        whole.extend(parts.into_iter().map(|(name, parts)| (name, Value::from(parts))));
        Self(Value::from(whole))
    }

    /// `template` with the names replaced.
    ///
    /// # Errors
    /// `TemplateError` if the template fails for these values.
    pub(super) fn render(&self, template: &str) -> Result<String, TemplateError> {
        bounds(template)?;
        let environment = environment();
        let rendered = environment.render_str(template, self.0.clone());
        let mut text = rendered.map_err(|error| TemplateError::Rendering(plainly(&error)))?;
        text.truncate(text.floor_char_boundary(MAX_RENDERED));
        Ok(text)
    }
}

fn facts(facts: &Facts) -> BTreeMap<&'static str, Option<String>> {
    let logins = facts.logins.value();
    // A login that the product shows and that was not reported is no proof that all were reported.
    let all_known = |logins: &&Logins| logins.complete && (logins.count > 0 || logins.last.is_none());
    BTreeMap::from([
        ("user.name", text(&facts.name)),
        ("user.email", facts.email.value().map(|email| email.as_str().to_owned())),
        ("user.domain", facts.email.value().and_then(|email| email.domain()).map(ToString::to_string)),
        ("user.active", text(&facts.active)),
        ("user.groups", facts.groups.value().map(joined)),
        ("user.applications", facts.applications.value().map(joined)),
        ("user.created", text(&facts.created)),
        ("user.last_login", logins.and_then(|logins| logins.last).map(|at| at.to_string())),
        ("user.login_count", logins.filter(all_known).map(|logins| logins.count.to_string())),
        ("user.directory", text(&facts.directory)),
    ])
}

fn text(fact: &Fact<impl ToString>) -> Option<String> {
    fact.value().map(ToString::to_string)
}

fn joined(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
