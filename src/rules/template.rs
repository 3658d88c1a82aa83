//! Texts with names in them: `{{ user.name }}`.

use std::collections::BTreeMap;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use crate::domain::{Fact, Facts, Logins, Scheme, UserRef};

use super::Subject;

/// The longest text made of a template, and the longest that is put in for a name, in bytes. Jira's long fields take
/// 32,767 characters.
const LONGEST: usize = 32_767;

/// The longest template, in bytes.
const LONGEST_TEMPLATE: usize = 4096;

/// What stands between `{{` and `}}` may be this long, in bytes: the parser calls itself for each part.
const LONGEST_EXPRESSION: usize = 300;

/// So many steps may be needed to make one text.
const STEPS: u64 = 20_000;

/// The names that a template may use. Each stands for a text; of a fact that is not known it is `unknown`.
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

/// Why a text is not a template; `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It says what is not understood.
    #[error("the template can't be read: {0}")]
    Syntax(String),
    /// It uses a name that there is not.
    #[error("there is no `{name}` in templates; write one of: {}", NAMES.join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// It does more than put names into a text.
    #[error("a template puts names into a text, `{{{{ user.name }}}}`, and no more; leave out the `{0}`")]
    TooClever(&'static str),
    /// It is too long.
    #[error("{what} is longer than {most} bytes")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long it may be.
        most: usize,
    },
    /// It can't be rendered.
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

/// Refuses what could take long. There are no statements, so nothing is done more than once; and nothing is multiplied.
fn bounds(text: &str) -> Result<(), TemplateError> {
    if text.len() > LONGEST_TEMPLATE {
        return Err(TemplateError::TooLong { what: "the template", most: LONGEST_TEMPLATE });
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

/// Refuses what could take long, and what does not end for the language where it ends here: at the first `}}`. That is
/// so in a text in quotes and in braces. With one kind of quotes and no backslashes, an even number closes all texts.
fn bounds_of_expression(expression: &str) -> Result<(), TemplateError> {
    if expression.len() > LONGEST_EXPRESSION {
        return Err(TemplateError::TooLong { what: "what stands between `{{` and `}}`", most: LONGEST_EXPRESSION });
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

/// The kind of error: the detail may hold what was being put in.
fn plainly(error: &minijinja::Error) -> String {
    let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
    match (error.kind(), error.detail()) {
        (ErrorKind::SyntaxError, Some(detail)) => format!("{detail}{line}"),
        (kind, _) => format!("{kind}{line}"),
    }
}

/// What stands for the names.
pub(super) struct Names(Value);

impl Names {
    /// For `user` as selected by `scheme`.
    pub(super) fn of(scheme: &Scheme, user: &UserRef, subject: &Subject<'_>) -> Self {
        let mut names = facts(subject.facts);
        names.insert("user.id", user.id().map(ToString::to_string));
        names.insert("scheme.id", Some(scheme.id.to_string()));
        names.insert("scheme.name", Some(scheme.name.clone()));
        names.insert("source", Some(scheme.source.to_string()));
        Self::nested(&names)
    }

    /// For nobody: nothing is known.
    fn unknown() -> Self {
        Self::nested(&BTreeMap::new())
    }

    /// `user.id` as `id` in `user`.
    fn nested(texts: &BTreeMap<&'static str, Option<String>>) -> Self {
        let mut whole: BTreeMap<&str, Value> = BTreeMap::new();
        let mut parts: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for name in NAMES {
            let mut text = texts.get(name).cloned().flatten().unwrap_or_else(|| "unknown".to_owned());
            text.truncate(text.floor_char_boundary(LONGEST));
            match name.split_once('.') {
                Some((outer, inner)) => drop(parts.entry(outer).or_default().insert(inner, text.into())),
                None => drop(whole.insert(name, text.into())),
            }
        }
        whole.extend(parts.into_iter().map(|(name, parts)| (name, Value::from(parts))));
        Self(Value::from(whole))
    }

    /// `template` with the names replaced.
    pub(super) fn render(&self, template: &str) -> Result<String, TemplateError> {
        bounds(template)?;
        let environment = environment();
        let rendered = environment.render_str(template, self.0.clone());
        let mut text = rendered.map_err(|error| TemplateError::Rendering(plainly(&error)))?;
        text.truncate(text.floor_char_boundary(LONGEST));
        Ok(text)
    }
}

fn facts(facts: &Facts) -> BTreeMap<&'static str, Option<String>> {
    let logins = facts.logins.value();
    // A login that the product tells of and usher did not hear is no proof that all were heard.
    let all_known = |logins: &&Logins| logins.complete && (logins.count > 0 || logins.last.is_none());
    BTreeMap::from([
        ("user.name", text(&facts.name)),
        ("user.email", facts.email.value().map(|email| email.as_str().to_owned())),
        ("user.domain", facts.email.value().map(|email| email.domain().to_string())),
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
mod tests {
    use super::*;

    fn render(template: &str) -> String {
        let texts =
            [("user.name", "jane"), ("user.groups", "a, b"), ("source", "acme"), ("user.email", "{{ source }}")];
        let texts = texts.into_iter().map(|(name, text)| (name, Some(text.to_owned()))).collect();
        assert_eq!(check_template(template), Ok(()), "{template}");
        Names::nested(&texts).render(template).expect(template)
    }

    #[test]
    fn names_are_replaced_and_what_is_not_known_is_called_so() {
        let cases = [
            ("no names at all: 100 % { }", "no names at all: 100 % { }"),
            ("{{ user.name }} of {{source}}: {{ user.groups }}", "jane of acme: a, b"),
            ("{{ user.name | upper }} {{ user.created }}", "JANE unknown"),
            ("{{ 'no mail' if user.email == 'unknown' else user.email }}", "{{ source }}"),
            ("<b>{{ user.name ~ '&' }}</b>", "<b>jane&</b>"),
        ];
        for (template, expected) in cases {
            assert_eq!(render(template), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_what_to_write() {
        let deep = format!("{{{{ {}1 }}}}", "1+".repeat(140));
        let cases = [
            ("{{ user.nmae }}", "there is no `user.nmae` in templates"),
            ("{{ user }}", "there is no `user` in templates"),
            ("{{ name }}", "user.name"),
            ("{{ user['name'] }}", "there is no `user`"),
            ("{{ user.name", "not closed"),
            ("{{ }}", "can't be read"),
            ("{{ user.name | title }}", "unknown filter"),
            ("{{ range(10) }}", "there is no `range`"),
            ("{{ user.name.upper() }}", "there is no `user.name.upper`"),
            ("{% for x in user.groups %}{% endfor %}", "leave out the `{% ... %}`"),
            ("{{ 'x' * 1000000 }}", "leave out the `*`"),
            ("{{ '}}' * 1000000 }}", "a quote is not closed"),
            (&"x".repeat(40_000), "longer than 4096 bytes"),
            (&format!("{{{{ '{}' }}}}", "x".repeat(400)), "longer than 300 bytes"),
        ];
        for (template, expected) in cases {
            let message = check_template(template).expect_err(template).to_string();
            assert!(message.contains(expected), "{template}: {message}");
        }
        assert_eq!(check_template(&deep), Ok(()));
    }

    #[test]
    fn nothing_escapes_the_bounds() {
        for (template, expected) in [
            (r#"{{ "'" ~ '}}' ~ 'x' * 90000000 }}"#, "one kind of quotes"),
            (r"{{ '\'}}' ~ 'x' * 90000000 }}", r"leave out the `\`"),
            (r#"{{ "\"}}" ~ 'x' * 90000000 }}"#, r"leave out the `\`"),
            ("{{ '}}' ~ 'x' * 90000000 }}", "a quote is not closed"),
            ("{{ {'a': {}}}['a'] ~ 'x' * 90000000 }}", "leave out the `{`"),
            ("{{ {'a': 1}}}", "leave out the `{`"),
            ("{# {{ #}{{ ' }} ' * 90000000 }}", "leave out the `{# ... #}`"),
            ("{# {{ '}} #}", "leave out the `{# ... #}`"),
            ("{{{{ 'x' * 90000000 }}", "not closed"),
            (&format!("{{{{ \"'\" ~ '}}}}' ~ {}1 }}}}", "1+".repeat(1_600)), "one kind of quotes"),
        ] {
            let message = check_template(template).expect_err(template).to_string();
            assert!(message.contains(expected), "{template}: {message}");
            let unchecked = Names::unknown().render(template).expect_err(template).to_string();
            assert_eq!(unchecked, message, "what was not checked is not rendered either");
        }
    }

    #[test]
    fn the_longest_expressions_need_less_than_half_of_a_thread_s_stack() {
        let read = || {
            for expression in [
                format!("{}1", "1+".repeat(145)),
                format!("{}1", "-".repeat(290)),
                format!("{}1", "not ".repeat(70)),
                format!("user.name{}", ".a".repeat(140)),
                format!("user.name{}", "[0]".repeat(90)),
                format!("user.name{}", "[:]".repeat(90)),
                format!("{}1{}", "(".repeat(140), ")".repeat(140)),
                format!("{}1{}", "[".repeat(140), "]".repeat(140)),
                format!("source{}", "|upper".repeat(45)),
            ] {
                // It is refused or rendered, and comes back.
                let _ = check_template(&format!("{{{{{expression}}}}}"));
                let _ = Names::unknown().render(&format!("{{{{{expression}}}}}"));
            }
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(read).expect("a thread").join().expect("no overflow");
    }

    #[test]
    fn what_is_put_in_is_cut() {
        let texts = [("user.groups", Some("ä".repeat(1 << 20)))].into_iter().collect();
        let names = Names::nested(&texts);
        let rendered = names.render(&"{{user.groups}}".repeat(270)).expect("it is rendered");
        assert!(rendered.len() <= LONGEST && rendered.len() > LONGEST - 2, "{}", rendered.len());
        let length = names.render("{{ user.groups[32766:] }}").expect("it is rendered");
        assert_eq!(length, "", "each name is cut before anything is made of it");
    }
}
