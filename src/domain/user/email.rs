//! E-mail addresses and their domains.

use std::fmt;

use super::spelling::is_blank;

/// The e-mail field of a user. `Debug` prints only its domain, so that addresses stay out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    text: String,
    domain: Option<EmailDomain>,
}

impl EmailAddress {
    /// Reads the e-mail field; `None` if it is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self { text: text.to_owned(), domain: domain_of(text) })
    }

    /// The text as the product has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain; `None` if the text is not exactly one address with a domain. It may be a name with an address in
    /// brackets, two addresses, or half of one. Then it is unknown which domain is right.
    pub fn domain(&self) -> Option<&EmailDomain> {
        self.domain.as_ref()
    }

    /// Whether both are the same address. Atlassian compares addresses without regard to case.
    pub fn is_same(&self, other: &Self) -> bool {
        self.domain.is_some() && self.text.to_lowercase() == other.text.to_lowercase()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.domain {
            Some(domain) => write!(f, "EmailAddress(…@{domain})"),
            None => f.write_str("EmailAddress(…)"),
        }
    }
}

/// The domain of `text`, if it is one address and nothing else.
fn domain_of(text: &str) -> Option<EmailDomain> {
    let (local, domain) = text.rsplit_once('@')?;
    if is_local_part(local) { EmailDomain::parse(domain) } else { None }
}

/// Whether `local` may be before the `@` of an address (RFC 5321 and 6531). Dots are allowed anywhere, because mail
/// providers have assigned such addresses.
fn is_local_part(local: &str) -> bool {
    match local.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').is_some_and(is_quoted),
        None => !local.is_empty() && local.chars().all(is_atom),
    }
}

fn is_atom(c: char) -> bool {
    match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c),
        '\u{ff20}' | '\u{fe6b}' => false, // at signs of East Asian keyboards
        c => !is_blank(c),
    }
}

/// Whether `text` may be between the quotes of a local part.
fn is_quoted(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { chars.next() } else { Some(c).filter(|c| *c != '"') };
        if c.is_none_or(|c| c != ' ' && is_blank(c)) {
            return false;
        }
    }
    true
}

/// A domain in lower-case ASCII form (IDNA), so that `BÜCHER.example` and `xn--bcher-kva.example` are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// Parses a domain; `None` if it is invalid. One dot at the end is the root of all domains, and is removed.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = if is_plain(text) { text.to_ascii_lowercase() } else { to_ascii(text)? };
        is_domain(&ascii).then_some(Self(ascii))
    }

    /// The domain in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no dot, like `localhost`.
    pub fn has_no_dot(&self) -> bool {
        !self.0.contains('.')
    }
}

/// Whether IDNA leaves all of `text` as it is but for its case, as it does with nearly every domain.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // Two hyphens may begin a label in another script.
    text.bytes().all(is_plain) && !text.contains("--")
}

/// The form of IDNA; none if `text` has none.
fn to_ascii(text: &str) -> Option<String> {
    if text.contains(is_blank) {
        return None; // IDNA passes over some that can't be seen
    }
    idna::domain_to_ascii(text).ok()
}

/// Whether `ascii` has the form of a domain (RFC 1035, RFC 1123). Underscores are allowed: networks of companies have
/// such domains, and they are unambiguous.
fn is_domain(ascii: &str) -> bool {
    const MAX_DOMAIN: usize = 253;
    const MAX_LABEL: usize = 63;
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= MAX_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    // A last label that is a number makes an IP address, or nothing.
    ascii.len() <= MAX_DOMAIN && ascii.split('.').all(is_label) && !ascii.rsplit('.').next().is_some_and(is_number)
}

impl fmt::Display for EmailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    mod forms;

    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_domain_is_what_idna_makes_of_it(text in "[a-zA-Z0-9._-]{0,20}(\\.[a-zA-Z0-9_-]{1,5}){0,3}") {
            if is_plain(&text) {
                proptest::prop_assert_eq!(Some(text.to_ascii_lowercase()), to_ascii(&text));
            }
        }
    }

    fn domain(text: &str) -> Option<String> {
        EmailAddress::parse(text)?.domain().map(ToString::to_string)
    }

    #[test]
    fn an_address_has_the_domain_behind_its_last_at_sign() {
        let label = "a".repeat(63);
        for (text, expected) in [
            ("jane@acme.example", "acme.example"),
            (" Jane@ACME.example\n", "acme.example"),
            ("jane@acme.example.", "acme.example"),
            ("jane.o'neil+jira@mail.acme.example", "mail.acme.example"),
            ("..jane.@acme.example", "acme.example"),
            ("\"a@evil.example\"@acme.example", "acme.example"),
            ("\"Jane \\\" Doe\"@acme.example", "acme.example"),
            ("jürgen@BÜCHER.example", "xn--bcher-kva.example"),
            ("jürgen@xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a@ａｃｍｅ。example", "acme.example"),
            ("root@localhost", "localhost"),
            ("jane@corp_ad.local", "corp_ad.local"),
            ("jane@1.2.3.x4", "1.2.3.x4"),
            (&format!("jane@{label}.example"), &format!("{label}.example")),
        ] {
            assert_eq!(domain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_exactly_one_address_has_no_domain() {
        let long = format!("jane@{}example", "a123456789.".repeat(25));
        let label = format!("jane@{}.example", "a".repeat(64));
        for text in [
            "jane",
            "@acme.example",
            "jane@",
            "jane@acme.example;",
            "jane@acme.example,",
            "jane@acme.example>",
            "<jane@acme.example>",
            "Jane <jane@acme.example>",
            "\"Doe, Jane\" <jane@acme.example>",
            "\"Doe, Jane\" jane@acme.example",
            "jane@acme.example (Jane)",
            "jane doe@acme.example",
            "a@acme.example,b@partner.example",
            "a@acme.example; b@partner.example",
            "a@acme.example b@partner.example",
            "a@acme.example|b@partner.example",
            "jane@@acme.example",
            "jane@acme.example@",
            "mailto:jane@acme.example",
            "jane@http://acme.example",
            "jane@acme.example/x",
            "jane@acme.example:25",
            "jane@acme.example?subject=x",
            "jane@acme..example",
            "jane@.acme.example",
            "jane@acme.example..",
            "jane@acme,example",
            "jane@acme example",
            "jane@acme\u{200b}.example",
            "jane@acme.example\u{200b}",
            "ja\u{200b}ne@acme.example",
            "jane@acme\u{ad}.example",
            "jane＠acme.example",
            "jane@sub＠acme.example",
            "jane@[192.0.2.1]",
            "jane@[IPv6:2001:db8::1]",
            "jane@192.0.2.1",
            "jane@-acme.example",
            "jane@acme-.example",
            "jane@*.acme.example",
            "jane@*",
            "jane@xn--a.example",
            "jane@acme.example&gt;",
            "\"jane@acme.example",
            "\"a\" b\"@acme.example",
            "\"@acme.example",
            "n/a",
            &long,
            &label,
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
        assert_eq!(EmailAddress::parse(" "), None, "nothing at all");
    }

    #[test]
    fn an_address_is_not_printed_by_debug() {
        for text in ["jane@acme.com", "Jane <jane@acme.com>"] {
            let address = EmailAddress::parse(text).expect("an address");
            assert!(!format!("{address:?}").contains("jane"));
        }
    }
}
