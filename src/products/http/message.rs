//! The text of a product's refusal, shortened for people. Texts are never interpreted, because they are localized.

use std::cmp::Reverse;

use reqwest::{StatusCode, header::HeaderMap};

use super::{
    error_bodies::{self, About},
    foreign,
};
use crate::domain::Product;

/// No message is longer, in characters.
const LONGEST: usize = 200;

/// The text of a product.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::products) struct Message {
    /// The text for people.
    pub text: String,
    /// The subject of a refusal, by its code.
    pub about: Option<About>,
}

/// The text of `body`, a refusal of `product` with `headers`. `None` if it does not have the product's own form:
/// something in front of the product answered. The user's names (`personal`) and possible e-mail addresses are left
/// out.
pub(in crate::products) fn read(
    product: Product,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    personal: &[&str],
) -> Option<Message> {
    let said = match body.trim_ascii() {
        [] => error_bodies::Said::default(),
        body => {
            let body = serde_json::from_slice(body).ok()?;
            foreign::is_own(product, status.as_u16(), headers, &body).then(|| error_bodies::read(status, &body))?
        }
    };
    let text = match said.lines.is_empty() {
        true => status.canonical_reason().unwrap_or("no reason given").to_lowercase(),
        false => fit_to_show(&said.lines.join("; "), personal),
    };
    Some(Message { text, about: said.about })
}

/// A text of the product's, shortened, without what names the user (`personal`) and what looks like an e-mail address.
pub(in crate::products) fn fit_to_show(said: &str, personal: &[&str]) -> String {
    shorten(&without_persons(said, personal))
}

fn without_persons(said: &str, personal: &[&str]) -> String {
    let mut names = personal.to_vec();
    names.sort_by_key(|name| Reverse(name.len())); // the whole name before a part of it
    let said = names.iter().fold(said.to_owned(), |said, name| without_word(&said, name));
    let word = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    said.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Removes `name` only where it is a separate word: a user may be called `a`.
fn without_word(said: &str, name: &str) -> String {
    let mut rest = said;
    let mut kept = String::with_capacity(said.len());
    while let Some(at) = (!name.is_empty()).then(|| rest.find(name)).flatten() {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let alone = !kept.ends_with(char::is_alphanumeric) || !before.is_empty();
        let alone = alone && !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if alone { "…" } else { name });
        rest = after;
    }
    kept + rest
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST - 1) {
        Some((at, last)) if at + last.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    mod properties;

    use super::*;

    fn said(body: &str, personal: &[&str]) -> Option<String> {
        let (product, status) = (Product::AtlassianOrg, StatusCode::BAD_REQUEST);
        read(product, status, &HeaderMap::new(), body.as_bytes(), personal).map(|message| message.text)
    }

    #[test]
    fn without_a_word_the_status_speaks() {
        for body in [r#"{"errors":[]}"#, ""] {
            assert_eq!(said(body, &[]).as_deref(), Some("bad request"), "{body}");
        }
    }

    #[test]
    fn a_gateways_json_is_not_the_products_word() {
        for body in ["{}", "[1]", "null", r#"{"message":"no Route matched with those values"}"#] {
            assert_eq!(said(body, &[]), None, "{body}");
        }
    }

    #[test]
    fn a_page_of_html_is_not_the_products_word() {
        assert_eq!(said("<html><body>404 Not Found</body></html>", &[]), None);
        assert_eq!(said("Not Found", &[]), None);
    }

    #[test]
    fn what_names_a_person_is_left_out() {
        let body = r#"{"errors":["Cannot add 'jdoe' (jane.doe@acme.example): jdoe is in jdoes already, 99:27-a"]}"#;
        assert_eq!(said(body, &["jdoe", "99:27-a", ""]).unwrap(), "Cannot add '…' … … is in jdoes already, …");
        assert_eq!(said(r#"{"errors":["a a aa ba a"]}"#, &["a"]).unwrap(), "… … aa ba …");
        assert_eq!(said(r#"{"errors":["no jane doe"]}"#, &["jane", "jane doe"]).unwrap(), "no …");
    }

    #[test]
    fn a_message_is_at_most_200_characters_long() {
        let long = format!(r#"{{"errors":["{}"]}}"#, "ü".repeat(1_000));
        assert_eq!(said(&long, &[]).unwrap().chars().count(), 200);
        let exact = "ü".repeat(200);
        assert_eq!(said(&format!(r#"{{"errors":["{exact}"]}}"#), &[]).unwrap(), exact);
    }
}
