//! Addresses of pages: made from their parts, and checked where they come in.

use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that stand for themselves in a part of a path or a query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest address that anybody is sent back to.
const MAX_LOCAL: usize = 2_000;

/// The path of a page and its query. Whatever is put in is percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    text: String,
    has_query: bool,
}

impl Address {
    /// A page of this console: `/runs`.
    pub(super) fn new(path: &str) -> Self {
        Self { text: path.to_owned(), has_query: false }
    }

    /// The page of one thing: its id is one segment of the path.
    pub(super) fn of(path: &str, id: impl fmt::Display) -> Self {
        Self::new(path).segment(id)
    }

    /// One more segment of the path.
    pub(super) fn segment(mut self, text: impl fmt::Display) -> Self {
        // Dots alone would be another path.
        let encoded = utf8_percent_encode(&text.to_string(), ESCAPED).to_string();
        let encoded = if encoded.chars().all(|c| c == '.') { encoded.replace('.', "%2E") } else { encoded };
        self.text.push('/');
        self.text.push_str(&encoded);
        self
    }

    /// With a parameter; without it if its value is empty.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            let mark = if self.has_query { '&' } else { '?' };
            // Writing to a string does not fail.
            let _written = write!(self.text, "{mark}{name}={}", utf8_percent_encode(value, ESCAPED));
            self.has_query = true;
        }
        self
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `to`, if it is a page of this listener: a path and perhaps a query. Browsers read `//host` and `/\host` as another
/// host, and drop tabs and line breaks before they read.
pub(super) fn local(to: &str) -> Option<&str> {
    let rest = to.strip_prefix('/')?;
    let plain = to.len() <= MAX_LOCAL && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let leads_back = to == "/sign-in" || to.starts_with("/sign-in?") || to.starts_with("/sign-in/");
    (plain && !rest.starts_with('/') && !leads_back).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_id_holds_it_stays_one_segment() {
        for (id, path) in [
            ("e1.leavers", "/runs/e1.leavers"),
            ("557058:f58131cb", "/runs/557058%3Af58131cb"),
            ("a/../b?c#d", "/runs/a%2F..%2Fb%3Fc%23d"),
            ("..", "/runs/%2E%2E"),
            ("x\r\nSet-Cookie: a=b", "/runs/x%0D%0ASet-Cookie%3A%20a%3Db"),
            ("<ü>", "/runs/%3C%C3%BC%3E"),
        ] {
            assert_eq!(Address::of("/runs", id).to_string(), path);
        }
        let filtered = Address::new("/runs").with("scheme", "").with("user", "a&b=c d").with("state", "held");
        assert_eq!(filtered.to_string(), "/runs?user=a%26b%3Dc%20d&state=held");
    }

    #[test]
    fn nobody_is_sent_to_another_host_or_back_to_the_sign_in() {
        for good in ["/", "/runs", "/runs?state=held&user=a%2Fb", "/runs/557058%3Af5", "/sign-in-history"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in [
            "",
            "runs",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/runs\\..",
            "https://evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            " /runs",
            "/a b",
            "/ü",
            "/\u{0}",
            "/x\r\nSet-Cookie: a=b",
            "/sign-in",
            "/sign-in?to=/",
        ] {
            assert_eq!(local(bad), None, "{bad:?}");
        }
        assert_eq!(local(&format!("/{}", "x".repeat(MAX_LOCAL))), None);
    }
}
