//! Errors of libraries and of the system, in words for people. Their own texts are for programmers, and differ from
//! version to version. Each text is a part of a sentence: the caller adds where it happened, and what to do.

mod call;
mod kafka;
mod sqlite;
mod system;

use serde_json::error::Category;
use url::ParseError;

pub(crate) use self::{
    call::call,
    kafka::{code as kafka_code, kafka},
    sqlite::sqlite,
    system::{errno, system},
};

/// The problem with JSON, without a quotation.
pub(crate) fn json(error: &serde_json::Error) -> String {
    let place = match error.line() {
        0 => String::new(),
        line => format!(", line {line}, column {}", error.column()),
    };
    match error.classify() {
        Category::Io => "it can't be read".to_owned(),
        Category::Syntax => format!("it is no JSON{place}"),
        Category::Eof => format!("it ends in the middle{place}"),
        Category::Data => format!("it has another form than it should{place}"),
    }
}

/// The problem with the files of a database.
pub(crate) fn database(error: &sled::Error) -> String {
    match error {
        sled::Error::Io(error) => system(error),
        sled::Error::Corruption { .. } => {
            "its files are damaged; usher builds them anew when it starts again".to_owned()
        }
        sled::Error::CollectionNotFound(_) => "a part of it is gone".to_owned(),
        sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
            "its files are not as usher left them; usher builds them anew when it starts again".to_owned()
        }
    }
}

/// The reason why a text is no URL.
pub(crate) fn url(error: ParseError) -> &'static str {
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => "`https://` is missing",
        ParseError::EmptyHost => "it names no host",
        ParseError::InvalidPort => "its port is no number up to 65535",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => "its host has letters that no host has",
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => "its host is no IP address",
        _ => "it has another form",
    }
}

/// The problem with metrics, which can only be a bug of usher.
pub(crate) fn metrics(_: &prometheus::Error) -> &'static str {
    "they could not be made; this is a mistake in usher, please report it"
}

#[cfg(test)]
mod tests;
