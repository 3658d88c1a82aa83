//! The way to a source: proxy, authorities, plain HTTP.

use std::{fs, path::Path};

use crate::config::{
    Source, Transport,
    tests::{load, refusal},
};

/// A source with `keys`, which are in line 2.
fn text(keys: &str) -> String {
    let url = if keys.contains("base_url:") { "" } else { "base_url: \"https://j.example\", " };
    format!("sources:\n- {{ {keys}, {url}id: a, product: jira-dc, auth: {{ bearer: {{ env: TOKEN }} }} }}\n")
}

fn source(keys: &str) -> Source {
    load(&text(keys)).expect(keys).config.sources.remove(0)
}

fn assert_refused(table: &[(&str, &str)]) {
    for (keys, line) in table {
        assert_eq!(refusal(&text(keys)), format!("usher.yaml:2:{line}"), "{keys}");
    }
}

#[test]
fn without_a_word_calls_go_straight_to_whom_the_machine_trusts() {
    let Transport { proxy, ca } = source("name: A").transport;
    assert!(proxy.is_none() && ca.is_none());
}

#[test]
fn a_proxy_is_a_url_alone_or_with_credentials_apart() {
    let proxy = source("proxy: \"http://proxy.example:3128\"").transport.proxy.expect("a proxy");
    assert_eq!((proxy.url.as_str(), proxy.credentials.is_none()), ("http://proxy.example:3128/", true));
    let keys = "proxy: { url: \"https://p\", username: u, password: { env: TOKEN } }";
    let proxy = source(keys).transport.proxy.expect("a proxy");
    let credentials = proxy.credentials.as_ref().expect("credentials");
    assert_eq!((credentials.username.as_str(), credentials.password.reveal()), ("u", "s3cret"));
    assert!(!format!("{proxy:?}").contains("s3cret"));
}

#[test]
fn what_is_no_proxy_is_refused_and_never_quoted() {
    let example = "write `http://proxy.example.com:3128`, say";
    assert_refused(&[
        ("proxy: proxy", &format!("12: this is not a URL: `https://` is missing; {example}")),
        ("proxy: \"socks5://p:1\"", &format!("12: this is not the URL of an HTTP proxy; {example}")),
        ("proxy: \"http://p:1/path\"", &format!("12: this URL goes on behind the port; {example}")),
        (
            "proxy: \"http://u:hunter2@p:1\"",
            "12: credentials stand in this URL; \
             write `proxy: { url: ..., username: ..., password: { env: NAME } }`",
        ),
        (
            "proxy: { url: \"http://p\" }",
            "12: `password` is missing here; write `password: { env: NAME }`, say\n\
             usher.yaml:2:12: `username` is missing here; \
             write `username: usher`, say, or the URL alone: `proxy: \"http://…\"`",
        ),
        ("proxy: [a]", "12: found a list; write a single value"),
    ]);
}

/// A self-made authority, in PEM; and its private key.
fn authority() -> (String, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["ca.example".to_owned()]).expect("a certificate");
    (cert.pem(), signing_key.serialize_pem())
}

#[test]
fn authorities_are_read_from_a_file_with_one_or_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    fs::write(&path, format!("# two of them\n{}\n{}", authority().0, authority().0)).expect("written");
    let ca = source(&format!("ca: \"{}\"", path.display())).transport.ca.expect("authorities");
    assert_eq!((ca.certificates().count(), format!("{ca:?}")), (2, "Authorities(2)".to_owned()));
}

#[test]
fn a_file_without_authorities_is_refused_with_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = authority();
    let not_one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let refused = |path: &Path| refusal(&text(&format!("ca: \"{}\"", path.display())));
    for (name, content, why) in [
        ("empty.pem", "", "holds no certificate; name a PEM file, with `-----BEGIN CERTIFICATE-----` in it"),
        ("der.pem", "\u{30}\u{82}", "holds no certificate; name a PEM file, with `-----BEGIN CERTIFICATE-----` in it"),
        (
            "key.pem",
            &(format!("{certificate}{key}")),
            "holds something else than certificates, perhaps a private key; \
             leave in it the authority's certificate alone",
        ),
        ("half.pem", &certificate[..certificate.len() / 2], "not whole PEM; copy the file anew"),
        ("second.pem", &(certificate.clone() + not_one), "certificate 2 can't be read; export it anew"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        let line = format!("usher.yaml:2:9: the certificates in `{}` can't be used: {why}", path.display());
        assert_eq!(refused(&path), line, "{name}");
    }
    let line = refused(&folder.path().join("none.pem"));
    assert!(line.contains("none.pem` can't be used: ") && line.contains("; name a file that usher may read"), "{line}");
}

#[test]
fn plain_http_is_for_this_machine_and_for_a_private_host_that_is_named() {
    for keys in [
        "base_url: \"http://127.0.0.1:8090/jira-dc\"",
        "base_url: \"http://jira.internal:8080/jira\", plain_http: jira.internal",
        "base_url: \"http://10.1.2.3\", plain_http: 10.1.2.3",
        "base_url: \"http://[fd00::1]:8080\", plain_http: \"[fd00::1]\"",
        "base_url: \"http://Jira\", plain_http: JIRA",
    ] {
        assert_eq!(source(keys).base_url.scheme(), "http", "{keys}");
    }
    let loaded = load(&text("base_url: \"http://j\", plain_http: j, proxy: \"http://p\"")).expect("it is named");
    let warned = "usher.yaml:2:49: plain http shows the credentials to the proxy; write `https://` in `base_url`";
    assert_eq!(loaded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [warned]);
    let shown = "15: plain http would show the credentials on the way; write `https://`";
    let public = "this host is not in a private network; leave this out and write `https://` in `base_url`";
    assert_refused(&[
        ("base_url: \"http://8.8.8.8\"", shown),
        ("base_url: \"http://acme.atlassian.net\"", shown),
        (
            "base_url: \"http://jira.internal\"",
            &format!("{shown}, or, in a private network, name the host: `plain_http: \"jira.internal\"`"),
        ),
        (
            "base_url: \"http://jira.internal\", plain_http: other.internal",
            &format!("{shown}, or, in a private network, name the host: `plain_http: \"jira.internal\"`"),
        ),
        ("base_url: \"https://j\", plain_http: j", "40: `base_url` does not need this; leave it out"),
        ("base_url: \"http://localhost\", plain_http: localhost", "47: `base_url` does not need this; leave it out"),
        ("base_url: \"https://j\", plain_http: 8.8.8.8", &format!("40: {public}")),
        ("base_url: \"https://j\", plain_http: acme.atlassian.net", &format!("40: {public}")),
        (
            "base_url: \"https://j\", plain_http: \"http://j\"",
            "40: this is not a host; write its name or address alone",
        ),
    ]);
}

#[test]
fn a_proxy_is_not_shown_what_is_sent_to_this_machine_in_plain_http() {
    let refused = "plain http would show the credentials to the proxy, and this machine needs none to reach itself; \
                   leave it out";
    for host in ["localhost", "127.0.0.1:8090", "[::1]"] {
        for proxy in ["\"http://p:1\"", "{ url: \"https://p\", username: u, password: { env: TOKEN } }"] {
            let line = refusal(&text(&format!("proxy: {proxy}, base_url: \"http://{host}\"")));
            assert_eq!(line, format!("usher.yaml:2:12: {refused}"), "{host} {proxy}");
        }
    }
}

#[test]
fn a_host_with_a_dot_at_its_end_is_refused_as_it_would_pass_for_another() {
    let dot = "the host ends with a dot, by which it would not be known; leave the dot out";
    assert_refused(&[
        ("base_url: \"https://acme.atlassian.net.\"", &format!("15: {dot}")),
        ("base_url: \"https://acme.atlassian.net.:443/\"", &format!("15: {dot}")),
        (
            "base_url: \"http://acme.atlassian.net.\", plain_http: \"acme.atlassian.net.\"",
            &format!("15: {dot}\nusher.yaml:2:57: this host ends with a dot; leave the dot out"),
        ),
    ]);
}
