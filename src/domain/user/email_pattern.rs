//! The domains that a scheme selects by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::spelling::is_blank;
use crate::domain::EmailDomain;

/// A domain as a scheme writes it: `example.com` is that domain alone, `*.example.com` every domain below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DomainPattern {
    /// The domain itself.
    Exactly(EmailDomain),
    /// Every domain below it, and not the domain itself.
    Below(EmailDomain),
}

/// The reason why a text is not a domain pattern. `Display` says what to write instead, and never repeats an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDomain {
    /// The text contains several domains.
    #[error("several domains stand in one text; give each an item of its own, `[{}]`", .0.join(", "))]
    Several(Vec<String>),
    /// There is an address, and a domain in it.
    #[error("this is an e-mail address, and not a domain; write `{0}`")]
    Address(String),
    /// The text has a star at a place without meaning.
    #[error("`{text}` is not an e-mail domain; write `{domain}`, or `*.{domain}` for all domains below it")]
    Star {
        /// As written, without the name before an at sign.
        text: String,
        /// The domain in it.
        domain: String,
    },
    /// There is something else around a domain.
    #[error("`{text}` is not an e-mail domain; did you mean `{domain}`?")]
    Around {
        /// As written, without the name before an at sign.
        text: String,
        /// The domain in it.
        domain: String,
    },
    /// The text does not resemble a domain.
    #[error("`{0}` is not an e-mail domain; write `example.com`, or `*.example.com` for all domains below it")]
    Other(String),
}

impl DomainPattern {
    /// Whether the pattern matches `domain`.
    pub fn matches(&self, domain: &EmailDomain) -> bool {
        match self {
            Self::Exactly(own) => own == domain,
            Self::Below(parent) => {
                let below = domain.as_str().strip_suffix(parent.as_str());
                below.is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix("*.") {
            Some(parent) => EmailDomain::parse(parent).map(Self::Below),
            None => EmailDomain::parse(text).map(Self::Exactly),
        }
    }
}

impl TryFrom<String> for DomainPattern {
    type Error = InvalidDomain;
    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        Self::read(&text).ok_or_else(|| InvalidDomain::of(text))
    }
}

impl InvalidDomain {
    /// The fault of `text`, which is no pattern.
    fn of(text: String) -> Self {
        let parts = text.split(|c: char| matches!(c, ',' | ';' | '|') || is_blank(c)).filter(|part| !part.is_empty());
        let parts: Option<Vec<String>> = parts.map(meant_by).collect();
        match parts.unwrap_or_default().as_slice() {
            [] => Self::Other(without_address(text)),
            [one] => Self::of_one(text, one),
            several => Self::Several(several.to_vec()),
        }
    }

    fn of_one(text: String, meant: &str) -> Self {
        let domain = meant.to_owned();
        if text.split_once('@').is_some_and(|(local, _)| local.contains(char::is_alphanumeric)) {
            Self::Address(domain)
        } else if text.contains('*') && !domain.contains('*') {
            Self::Star { text: without_address(text), domain }
        } else {
            Self::Around { text: without_address(text), domain }
        }
    }
}

/// The text without the names before its last at sign.
fn without_address(text: String) -> String {
    match text.rfind(['@', '\u{ff20}', '\u{fe6b}']) {
        Some(at) if text[..at].contains(char::is_alphanumeric) => format!("…{}", &text[at..]),
        Some(_) | None => text,
    }
}

/// The pattern that `part` probably means, without the characters that people put around domains.
fn meant_by(part: &str) -> Option<String> {
    let address = part.split_once("://").map_or(part, |(_, address)| address);
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
    let domain = domain.trim_start_matches(['<', '"', '\'', '(', '[', '{', '.', '`']);
    let end = domain.find(['/', '?', '#', ':', '>', '"', '\'', ')', ']', '}', '`', '\\']).unwrap_or(domain.len());
    let labels: Vec<&str> = domain[..end].split('.').filter(|label| !label.is_empty()).collect();
    let domain = labels.join(".");
    let pattern = DomainPattern::read(&domain).or_else(|| DomainPattern::read(domain.trim_start_matches('*')))?;
    Some(pattern.to_string())
}

impl From<DomainPattern> for String {
    fn from(pattern: DomainPattern) -> String {
        pattern.to_string()
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(domain) => write!(f, "{domain}"),
            Self::Below(domain) => write!(f, "*.{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    mod properties;

    use super::*;

    fn matches(pattern: &str, domain: &str) -> bool {
        let pattern = DomainPattern::try_from(pattern.to_owned()).expect("a pattern");
        pattern.matches(&EmailDomain::parse(domain).expect("a domain"))
    }

    #[test]
    fn a_domain_matches_itself_in_any_case_and_spelling_and_nothing_else() {
        assert!(matches("acme.com", "ACME.com"));
        assert!(matches("acme.com.", "acme.com"));
        assert!(matches("bücher.example", "xn--bcher-kva.example"));
        assert!(matches("XN--BCHER-KVA.example", "BÜCHER.example"));
        assert!(!matches("acme.com", "mail.acme.com"));
        assert!(!matches("acme.com", "notacme.com"));
        assert!(!matches("acme.com", "acme.com.evil.example"));
    }

    #[test]
    fn a_star_means_every_domain_below_and_not_the_domain_itself() {
        assert!(matches("*.partner.example", "x.partner.example"));
        assert!(matches("*.partner.example", "y.x.partner.example"));
        assert!(!matches("*.partner.example", "partner.example"));
        assert!(!matches("*.partner.example", "evilpartner.example"));
    }

    #[test]
    fn what_can_not_be_a_domain_is_refused_with_what_to_write() {
        let longest = format!("{}example", "a123456789.".repeat(25));
        for (text, instead) in [
            ("acme.example,partner.example", "`[acme.example, partner.example]`"),
            ("acme.example, *.partner.example", "`[acme.example, *.partner.example]`"),
            ("acme.example partner.example", "`[acme.example, partner.example]`"),
            ("@acme.example;@partner.example", "`[acme.example, partner.example]`"),
            ("acme..example", "did you mean `acme.example`?"),
            ("<acme.example>", "did you mean `acme.example`?"),
            ("@acme.example", "did you mean `acme.example`?"),
            (".acme.example", "did you mean `acme.example`?"),
            ("acme.example;", "did you mean `acme.example`?"),
            (" acme.example", "did you mean `acme.example`?"),
            ("acme.example\u{200b}", "did you mean `acme.example`?"),
            ("https://acme.example/jira", "did you mean `acme.example`?"),
            ("acme.example:443", "did you mean `acme.example`?"),
            ("*.*.acme.example", "`*.example.com`"),
            ("*acme.example", "write `acme.example`, or `*.acme.example`"),
            ("*@acme.example", "write `acme.example`, or"),
            ("jane@acme.example", "write `acme.example`"),
            ("*.", "`*.example.com`"),
            ("*", "`*.example.com`"),
            ("", "`*.example.com`"),
            ("a*.b", "`*.example.com`"),
            ("-acme.example", "`*.example.com`"),
            ("192.0.2.1", "`*.example.com`"),
            ("[192.0.2.1]", "`*.example.com`"),
            ("ac me", "`[ac, me]`"),
            (&longest, "`*.example.com`"),
        ] {
            let refused = DomainPattern::try_from(text.to_owned()).expect_err(text).to_string();
            assert!(refused.contains(instead), "{text}: {refused}");
            assert!(!refused.contains("jane"), "{refused}");
        }
    }
}
