//! No message for people contains a library's debug text: a walk over the error types, and over the sources.

use std::{
    error::Error as StdError,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rustix::io::Errno;

use super::*;
use crate::{
    admin::Error as TokenError,
    app, backup, demo, explain, intake, log, products,
    products::{Came, ConnectError, Foreign},
    settings, store, views,
};

/// The signs of a library's own text, or of `{:?}`.
const RAW: &[&str] = &[
    "Error {",
    "Error(",
    "Os {",
    "kind:",
    "Some(",
    "None)",
    "Ok(",
    "Err(",
    "{:?}",
    "{error",
    "hyper",
    "reqwest",
    "serde",
    "rustls",
    "webpki",
    "sled",
    "prost",
    "rdkafka",
    "Kind::",
    "error sending request",
    "client error",
    "invalid type:",
    "expected value",
    "EOF while",
    "trailing characters",
    "os error",
    "error trying to connect",
    "relative URL",
    "No such file",
    "Protobuf",
    "BrokerTransportFailure (",
    "\\\"",
];

/// Checks one message.
fn for_people(error: &dyn StdError) {
    let text = error.to_string();
    let raw: Vec<_> = RAW.iter().filter(|raw| text.contains(**raw)).collect();
    assert!(raw.is_empty() && !text.trim().is_empty(), "{raw:?} in: {text}");
}

/// Errors of the system, as the standard library makes them and as others wrap them.
fn of_system() -> Vec<io::Error> {
    let numbered = (1..134).map(io::Error::from_raw_os_error);
    let kinds = [ErrorKind::InvalidData, ErrorKind::UnexpectedEof, ErrorKind::Other, ErrorKind::NotFound];
    let wrapped = kinds.map(|kind| io::Error::new(kind, "Custom { kind: Other, error: \"hyper\" }"));
    numbered.chain(wrapped).chain(kinds.map(io::Error::from)).collect()
}

fn of_database() -> Vec<sled::Error> {
    let rest = [
        sled::Error::Corruption { at: None, bt: () },
        sled::Error::CollectionNotFound(sled::IVec::from("x")),
        sled::Error::Unsupported("Some(Os { code: 2 })".to_owned()),
        sled::Error::ReportableBug("Some(Os { code: 2 })".to_owned()),
    ];
    of_system().into_iter().map(sled::Error::Io).chain(rest).collect()
}

fn of_json() -> Vec<serde_json::Error> {
    let texts = ["", "{", "[1,", "<html>", "{\"a\":1}}", "\"text\"", "{\"a\":\"\\ud800\"}", "nul"];
    texts.iter().filter_map(|text| serde_json::from_str::<Vec<u8>>(text).err()).collect()
}

#[test]
fn errors_of_the_system_and_the_database_are_told_in_words() {
    for error in of_system() {
        for_people(&store::Error::Folder { path: PathBuf::from("data"), error: io::Error::from(error.kind()) });
        let said = system(&error);
        assert!(!RAW.iter().any(|raw| said.contains(raw)), "{said}");
    }
    for error in of_database() {
        for_people(&store::Error::Sled(error));
    }
    for code in 1..=26 {
        let error = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some("SQL of usher".into()));
        for_people(&views::Error::Database(error()));
        for_people(&views::Error::Row(error()));
    }
    for error in [rusqlite::Error::QueryReturnedNoRows, rusqlite::Error::InvalidColumnName("run".into())] {
        for_people(&views::Error::Database(error));
    }
    for_people(&views::Error::Busy);
    for_people(&views::Error::Aside(io::Error::from(ErrorKind::StorageFull)));
    assert_eq!(errno(Errno::NOENT), "there is no such file or folder");
    assert_eq!(
        system(&io::Error::from_raw_os_error(Errno::MFILE.raw_os_error())),
        "too many files are open; raise the limit (`ulimit -n`)"
    );
}

#[test]
fn what_can_not_be_parsed_is_told_in_words_without_being_quoted() {
    for error in of_json() {
        let said = json(&error);
        assert!(!RAW.iter().any(|raw| said.contains(raw)), "{said}");
        let error = rusqlite::types::FromSqlError::other(error);
        for_people(&views::Error::from(rusqlite::Error::from(error)));
    }
    for text in
        ["jira", "http://", "http://a:b", "http://[::g]", "http://a b/", "http://%41%00/", "//x", "http://1.2.3.999"]
    {
        if let Err(error) = reqwest::Url::parse(text) {
            let said = url(error);
            assert!(!RAW.iter().any(|raw| said.contains(raw)), "{said}");
        }
    }
    let broken = <log::codec::Error as From<prost::DecodeError>>::from(
        <String as prost::Message>::decode(&b"\x0a\xff\xff\xff"[..]).expect_err("no record"),
    );
    for_people(&broken);
}

#[test]
fn errors_of_kafka_are_told_in_its_terms_without_the_librarys_names() {
    use RDKafkaErrorCode as Code;
    for known in [Code::BrokerTransportFailure, Code::AllBrokersDown, Code::TopicAuthorizationFailed, Code::Fail] {
        for error in [
            KafkaError::MessageConsumption(known),
            KafkaError::MessageProduction(known),
            KafkaError::MetadataFetch(known),
            KafkaError::ConsumerCommit(known),
        ] {
            for_people(&log::Error::Unavailable(kafka(&error)));
        }
    }
    assert_eq!(kafka_code(Code::BrokerTransportFailure), "broker transport failure");
    for error in
        [KafkaError::Canceled, KafkaError::ClientCreation("no mechanism".to_owned()), KafkaError::NoMessageReceived]
    {
        for_people(&log::Error::Unusable(kafka(&error)));
    }
}

#[tokio::test]
async fn a_call_without_an_answer_is_told_in_words() {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5));
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = client.build().expect("a client");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    for url in [
        "http://127.0.0.1:9/".to_owned(),
        "http://nowhere.invalid/".to_owned(),
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
    ] {
        let error = client.get(&url).send().await.expect_err("no answer");
        for_people(&log::Error::Unavailable(call(&error)));
        for_people(&demo::Error::Call(error));
    }
}

/// Every variant; a new one does not compile until it is in the walk.
#[test]
fn every_error_that_reaches_people_is_in_words() {
    use products::Error as Product;
    let of_product = |error: &Product| match error {
        Product::RateLimited { .. }
        | Product::Unreachable(_)
        | Product::Lost(_)
        | Product::Intercepted { .. }
        | Product::Unavailable { .. }
        | Product::Unauthorized { .. }
        | Product::Misconfigured(_)
        | Product::NoSuchUser
        | Product::Refused { .. }
        | Product::NotSupported(_)
        | Product::Withheld(_)
        | Product::Unreadable(_) => for_people(error),
    };
    let message = || "why".to_owned();
    let wait = Some(Duration::from_secs(7));
    let intercepted =
        |status, came, product| Product::Intercepted { status, instead: Foreign { came, product }, retry_after: wait };
    for product in crate::domain::Product::ALL {
        for came in [
            Came::WebPage,
            Came::Text,
            Came::Nothing,
            Came::OtherJson,
            Came::HalfJson,
            Came::AnotherUser,
            Came::Packed(None),
            Came::Packed(Some("br")),
        ] {
            for status in [200, 302, 400, 403, 404, 405, 500, 503] {
                of_product(&intercepted(status, came, product));
            }
        }
    }
    for error in [
        Product::RateLimited { retry_after: wait },
        Product::Unreachable(message()),
        Product::Lost(message()),
        Product::Unavailable { status: 503, message: message(), retry_after: wait },
        Product::Unauthorized { status: 401, message: message() },
        Product::Misconfigured(message()),
        Product::NoSuchUser,
        Product::Refused { status: 400, message: message() },
        Product::NotSupported("it has none"),
        Product::Withheld("why"),
        Product::Unreadable(message()),
    ] {
        of_product(&error);
        for_people(&explain::Error::Product { source_id: "acme".parse().expect("an id"), error });
    }
    for error in [
        ConnectError::BaseUrl,
        ConnectError::Credentials,
        ConnectError::Organization,
        ConnectError::Authorities,
        ConnectError::Proxy,
        ConnectError::Client,
    ] {
        for_people(&error);
        for_people(&app::Error::Connect(error));
    }
    for error in [log::Error::Overloaded, log::Error::Unavailable(message()), log::Error::Unusable(message())] {
        for_people(&error);
        for_people(&app::Error::Log(error.clone()));
        for_people(&settings::Error::Log(error));
    }
    for error in of_system() {
        let kind = error.kind();
        let again = || io::Error::from(kind);
        for_people(&TokenError::File { path: PathBuf::from("data/admin-token"), error: again() });
        for_people(&app::Error::DataDir { path: PathBuf::from("data"), error: again() });
        let address = "127.0.0.1:8080".parse().expect("an address");
        for_people(&app::Error::Listen { what: app::Listener::Admin, address, error });
        for_people(&demo::Error::Io(again()));
        for_people(&backup::Error::Write(again()));
        for_people(&backup::Error::Read(again()));
        for_people(&backup::Error::Folder { path: PathBuf::from("data"), error: again() });
    }
    for error in [
        backup::Error::Log(log::Error::Unavailable(message())),
        backup::Error::TooSlow(Duration::from_hours(6)),
        backup::Error::NotABackup,
        backup::Error::Later,
        backup::Error::Cut,
        backup::Error::Damaged("its checksum is another one"),
        backup::Error::NotEmpty(PathBuf::from("data")),
    ] {
        for_people(&error);
    }
    for_people(&app::Error::HalfRestored(PathBuf::from("data")));
    for_people(&store::Error::InUse(PathBuf::from("data")));
    for_people(&store::Error::Unusable(PathBuf::from("data")));
    for body in [&b"\xff"[..], b"<html>", b"{"] {
        let malformed = match std::str::from_utf8(body) {
            Ok(text) => intake::Malformed::NotJson(serde_json::from_str::<u8>(text).expect_err("no JSON")),
            Err(error) => intake::Malformed::NotText(error),
        };
        for_people(&malformed);
    }
}

/// The sources: no text is made by `{:?}`, and none passes a library's own on.
#[test]
fn no_message_is_made_of_debug_text() {
    let mut found = Vec::new();
    walk(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |path, text| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (nth, line) in code.lines().enumerate() {
            let of_people = ["#[error(", "format!(", "format_args!(", "write!(", "writeln!("]
                .iter()
                .any(|made| line.contains(made));
            if of_people && line.contains(":?}") && !line.contains("debug") {
                found.push(format!("{}:{}: {}", path.display(), nth + 1, line.trim()));
            }
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn walk(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let of_tests = name.contains("tests") || name == "testing.rs" || name == "sandbox";
        if path.is_dir() && !of_tests {
            walk(&path, look);
        } else if name.ends_with(".rs") && !of_tests {
            look(&path, &fs::read_to_string(&path).expect("text"));
        }
    }
}
