//! Texts for people: without a library's debug text.

/// What no text for people contains, and what puts it there.
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
    "hyper",
    "reqwest",
    "serde",
    "rustls",
    "webpki",
    "error sending request",
    "client error",
    "invalid type:",
    "expected value at",
    "os error",
    "trailing characters",
    "error trying to connect",
    "InvalidContentType",
    "UnknownIssuer",
];

/// Checks that `text` can be shown to an administrator.
pub fn assert_for_people(text: &str) {
    for raw in RAW {
        assert!(!text.contains(raw), "`{raw}` in: {text}");
    }
    assert!(!text.trim().is_empty());
}
