//! E-mail addresses and the domains schemes select by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An address with a domain. Printed by `Debug` as its domain only: addresses stay out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
    domain: EmailDomain,
}

impl EmailAddress {
    /// Reads an address; `None` where there is no domain in it, so nothing can be selected by it.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
        if local.is_empty() {
            return None;
        }
        Some(Self { text: text.trim().to_owned(), domain: EmailDomain::parse(domain)? })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands behind the last `@`.
    pub fn domain(&self) -> &EmailDomain {
        &self.domain
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain)
    }
}

/// A domain in lower-case ASCII form (IDNA), so that `BÜCHER.example` and `xn--bcher-kva.example` are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// Reads a domain; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let ascii = idna::domain_to_ascii(text.trim().trim_end_matches('.')).ok()?;
        let valid = !ascii.is_empty() && !ascii.starts_with('.') && !ascii.contains(['*', '@', ' ', '/']);
        valid.then_some(Self(ascii))
    }

    /// The domain in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a domain pattern; `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an e-mail domain; write `example.com`, or `*.example.com` for all domains below it")]
pub struct InvalidDomain(String);

/// A domain as a scheme writes it: `example.com` is that domain alone, `*.example.com` every domain below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DomainPattern {
    /// The domain itself.
    Exactly(EmailDomain),
    /// Every domain below it, and not the domain itself.
    Below(EmailDomain),
}

impl DomainPattern {
    /// Whether `domain` is meant.
    pub fn matches(&self, domain: &EmailDomain) -> bool {
        match self {
            Self::Exactly(own) => own == domain,
            Self::Below(parent) => {
                domain.0.strip_suffix(parent.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

impl TryFrom<String> for DomainPattern {
    type Error = InvalidDomain;
    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        let pattern = match text.strip_prefix("*.") {
            Some(parent) => EmailDomain::parse(parent).map(Self::Below),
            None => EmailDomain::parse(&text).map(Self::Exactly),
        };
        pattern.ok_or(InvalidDomain(text))
    }
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
    use super::*;

    fn matches(pattern: &str, address: &str) -> bool {
        let pattern = DomainPattern::try_from(pattern.to_owned()).expect("a pattern");
        pattern.matches(EmailAddress::parse(address).expect("an address").domain())
    }

    #[test]
    fn a_domain_matches_itself_in_any_case_and_spelling_and_nothing_else() {
        assert!(matches("acme.com", "Jane@ACME.com"));
        assert!(matches("bücher.example", "a@xn--bcher-kva.example"));
        assert!(matches("XN--BCHER-KVA.example", "a@BÜCHER.example"));
        assert!(!matches("acme.com", "jane@mail.acme.com"));
        assert!(!matches("acme.com", "jane@notacme.com"));
        assert!(!matches("acme.com", "jane@acme.com.evil.example"));
    }

    #[test]
    fn a_star_means_every_domain_below_and_not_the_domain_itself() {
        assert!(matches("*.partner.example", "a@x.partner.example"));
        assert!(matches("*.partner.example", "a@y.x.partner.example"));
        assert!(!matches("*.partner.example", "a@partner.example"));
        assert!(!matches("*.partner.example", "a@evilpartner.example"));
    }

    #[test]
    fn what_has_no_domain_is_no_address() {
        for bad in ["", "jane", "@acme.com", "jane@", "jane@ac me", "jane@*"] {
            assert_eq!(EmailAddress::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_last_at_sign_counts() {
        assert!(matches("acme.com", "\"a@evil.example\"@acme.com"));
    }

    #[test]
    fn an_address_is_not_printed_by_debug() {
        let address = EmailAddress::parse("jane@acme.com").expect("an address");
        assert!(!format!("{address:?}").contains("jane"));
    }

    #[test]
    fn a_bad_pattern_is_refused_with_what_to_write() {
        for bad in ["", "*", "*.", "a*.b", "@acme.com", "jane@acme.com"] {
            let refused = DomainPattern::try_from(bad.to_owned()).expect_err(bad);
            assert!(refused.to_string().contains("*.example.com"));
        }
    }
}
