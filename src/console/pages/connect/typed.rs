//! The form as somebody typed it, and the source that it says: to be tested, and to be shown without its secret.

use serde::Serialize;

use super::kinds::{Kind, SignsIn};
use crate::{console::form::Form, domain::Product};

/// The fields of the form. It holds a secret, so it is not printed, and lives as long as its request.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) base_url: String,
    pub(super) is_private: bool,
    pub(super) organization: String,
    pub(super) account: String,
    secret: String,
    pub(super) variable: String,
    pub(super) ends: String,
    /// Whether usher makes a secret for its webhooks.
    pub(super) makes_secret: bool,
    /// Why it is saved although a check failed.
    pub(super) reason: String,
}

impl Typed {
    pub(super) fn of(form: &Form, product: Product) -> Self {
        let text = |name| form.get(name).trim().to_owned();
        let name = text("name");
        let id = Some(text("id")).filter(|id| !id.is_empty()).unwrap_or_else(|| proposed_id(&name, product));
        let variable = Some(text("variable")).filter(|variable| !variable.is_empty());
        Self {
            variable: variable.unwrap_or_else(|| format!("{}_TOKEN", id.to_uppercase().replace('-', "_"))),
            base_url: text("base_url"),
            is_private: !form.get("is_private").is_empty(),
            organization: text("organization"),
            account: text("account"),
            secret: form.get("secret").to_owned(),
            ends: text("ends"),
            makes_secret: !form.get("makes_secret").is_empty(),
            reason: text("reason"),
            name,
            id,
        }
    }

    /// The source with its secret, one key a line, to be read and tested at once.
    ///
    /// # Errors
    /// The error of serde, if it can't be written as JSON.
    pub(super) fn to_test(&self, product: Product) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&self.source(product, SecretText::Value(&self.secret)))
    }

    /// The source to be saved, with a secret for its webhooks.
    ///
    /// # Errors
    /// The error of serde, if it can't be written as JSON.
    pub(super) fn to_save(&self, product: Product, webhook: Option<&str>) -> Result<String, serde_json::Error> {
        let hmac = webhook.map(SecretText::Value).into_iter().collect::<Vec<_>>();
        let webhook = Some(WebhookText { hmac }).filter(|webhook| !webhook.hmac.is_empty());
        serde_json::to_string(&SourceText { webhook, ..self.source(product, SecretText::Value(&self.secret)) })
    }

    /// The source as it can stand in the configuration: its secret is in a variable.
    ///
    /// # Errors
    /// If a text in it can't be written as YAML.
    pub(super) fn to_keep(&self, product: Product) -> Result<String, serde_saphyr::SerializeError> {
        serde_saphyr::to_string(&self.source(product, SecretText::Env(&self.variable)))
    }

    fn source<'t>(&'t self, product: Product, secret: SecretText<'t>) -> SourceText<'t> {
        let filled = |text: &'t str| Some(text).filter(|text| !text.is_empty());
        let kind = Kind::of(product);
        let host = url::Url::parse(&self.base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        SourceText {
            id: &self.id,
            name: filled(&self.name),
            product: product.as_str(),
            plain_http: host.filter(|_| self.is_private && kind.has_address),
            base_url: Some(self.base_url.as_str()).filter(|_| kind.has_address),
            organization: Some(self.organization.as_str()).filter(|_| !kind.has_address),
            auth: match kind.signs_in {
                SignsIn::ByKey => AuthText::Bearer(secret),
                SignsIn::Either if self.account.is_empty() => AuthText::Bearer(secret),
                SignsIn::Either | SignsIn::ByAccount => AuthText::Basic { username: &self.account, password: secret },
            },
            credentials_expire: filled(&self.ends),
            webhook: None,
        }
    }
}

/// The field of the form that the line of [`Typed::to_test`] is about; empty if it is about the whole.
pub(super) fn field_of(text: &str, line: Option<usize>) -> &'static str {
    let lines: Vec<&str> = text.lines().take(line.unwrap_or_default()).collect();
    // Keys of the source itself stand two blanks from the margin.
    let key = lines.iter().rev().find_map(|line| line.strip_prefix("  \"")?.split('"').next());
    match key {
        Some("id") => "id",
        Some("name") => "name",
        Some("base_url" | "plain_http") => "base_url",
        Some("organization") => "organization",
        Some("auth") if lines.last().is_some_and(|line| line.contains("\"username\"")) => "account",
        Some("auth") => "secret",
        Some("credentials_expire") => "ends",
        Some(_) | None => "",
    }
}

/// An id made of `name`: `Acme Jira (new)` becomes `acme-jira-new`.
fn proposed_id(name: &str, product: Product) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let id: String = id.chars().take(63).collect();
    if id.is_empty() { product.as_str().to_owned() } else { id }
}

#[derive(Serialize)]
struct SourceText<'t> {
    id: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'t str>,
    product: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'t str>,
    auth: AuthText<'t>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_expire: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookText<'t>>,
}

#[derive(Serialize)]
struct WebhookText<'t> {
    hmac: Vec<SecretText<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum AuthText<'t> {
    Bearer(SecretText<'t>),
    Basic { username: &'t str, password: SecretText<'t> },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum SecretText<'t> {
    Value(&'t str),
    Env(&'t str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(name: &str) -> Typed {
        Typed {
            name: name.to_owned(),
            id: proposed_id(name, Product::JiraDc),
            base_url: "https://jira.example/x".into(),
            secret: "hunter2".into(),
            variable: "ACME_TOKEN".into(),
            ends: "2027-03-01".into(),
            ..Typed::default()
        }
    }

    #[test]
    fn an_id_is_made_of_the_name_and_of_the_product_where_that_gives_none() {
        for (name, id) in
            [("Acme Jira (new)", "acme-jira-new"), ("  ", "jira-dc"), ("日本", "jira-dc"), ("=1+1", "1-1")]
        {
            assert_eq!(proposed_id(name, Product::JiraDc), id);
        }
        assert_eq!(proposed_id(&"x".repeat(300), Product::JiraDc).len(), 63);
    }

    #[test]
    fn the_secret_is_in_the_text_to_test_alone_and_both_texts_are_sources() {
        let hostile = typed("\"}], schemes: [{ <script>\u{202e}");
        let (test, keep) =
            (hostile.to_test(Product::JiraDc).expect("JSON"), hostile.to_keep(Product::JiraDc).expect("YAML"));
        assert!(test.contains("hunter2") && !keep.contains("hunter2") && keep.contains("env: ACME_TOKEN"), "{keep}");
        let saved = hostile.to_save(Product::JiraDc, Some("for-webhooks")).expect("JSON");
        let saved = crate::config::read_source(&saved).expect("a source");
        assert_eq!(saved.webhook.hmac.iter().map(|secret| secret.reveal()).collect::<Vec<_>>(), ["for-webhooks"]);
        let read = crate::config::read_source(&test).expect("a source");
        assert!(!read.webhook.is_set_up());
        assert_eq!((read.name.as_str(), read.id.as_str()), (hostile.name.as_str(), "schemes-script"));
    }

    #[test]
    fn a_problem_is_shown_at_the_field_that_it_is_about() {
        let mut wrong = typed("Acme");
        (wrong.id, wrong.base_url, wrong.ends) = ("A b".into(), "ftp://x".into(), "tomorrow".into());
        wrong.account = "a:b".into();
        let text = wrong.to_test(Product::JiraDc).expect("JSON");
        let problems = crate::config::read_source(&text).expect_err("wrong");
        let mut fields: Vec<_> =
            problems.iter().map(|problem| field_of(&text, crate::settings::Wrong::from(problem).line)).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["account", "base_url", "ends", "id"], "{text}");
        assert_eq!(field_of(&text, None), "");
    }
}
