//! Certificates as administrators make them, and what else may be at the other end of the line.

use std::{path::PathBuf, time::Duration};

use rcgen::{CertificateParams, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    client,
    site::{Authority, TlsSite},
    unreachable,
};
use crate::support::words::assert_for_people;

/// Where the files are that `openssl/make.sh` has made.
fn made(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/transport/openssl").join(file)
}

#[tokio::test]
async fn the_certificate_that_openssl_makes_is_trusted_where_ca_names_it_itself() {
    let site = TlsSite::showing(&made("own.pem"), &made("own.key")).await;
    let url = format!("base_url: \"https://127.0.0.1:{}\"", site.port);
    assert_eq!(client(&format!("{url}, ca: \"{}\"", made("own.pem").display())).probe().await, Ok(()));
    assert_eq!(site.asked(), ["GET /rest/api/2/myself"]);

    let why = unreachable(&url).await;
    assert!(why.ends_with("name its file in `ca`"), "{why}");
    let why = unreachable(&format!("{url}, ca: \"{}\"", made("common-name.pem").display())).await;
    assert!(why.ends_with("write that very certificate into it"), "{why}");
    assert_eq!(site.asked().len(), 1, "nothing was said to whom was not trusted");
}

#[tokio::test]
async fn a_pinned_certificate_is_still_for_its_host_and_its_time_alone() {
    let (today, past, future) = (date_time_ymd(2020, 1, 1), date_time_ymd(2019, 1, 1), date_time_ymd(2100, 1, 1));
    for (host, begins, ends, said) in [
        ("jira.example", past, future, "its certificate is for another host"),
        ("127.0.0.1", past, today, "its certificate has expired"),
        ("127.0.0.1", future, date_time_ymd(2101, 1, 1), "its certificate is not valid yet"),
    ] {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a host");
        (params.not_before, params.not_after) = (begins, ends);
        let own = Authority::of(params);
        let site = TlsSite::of(own.itself()).await;
        let ca = own.file();
        let keys = format!("base_url: \"https://127.0.0.1:{}\", ca: \"{}\"", site.port, ca.path().display());
        let why = unreachable(&keys).await;
        assert!(why.starts_with(said), "{said}: {why}");
        assert!(site.asked().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_signed_by_somebody_else_is_trusted_where_ca_names_it_itself() {
    let authority = Authority::new("Acme");
    let (server, leaf) = authority.server_with_its_certificate("127.0.0.1");
    let site = TlsSite::of(server).await;
    let keys = format!("base_url: \"https://127.0.0.1:{}\", ca: \"{}\"", site.port, leaf.path().display());
    assert_eq!(client(&keys).probe().await, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_names_no_host_gets_the_line_that_makes_one_which_does() {
    let site = TlsSite::showing(&made("common-name.pem"), &made("common-name.key")).await;
    let ca = made("common-name.pem");
    let why = unreachable(&format!("base_url: \"https://127.0.0.1:{}\", ca: \"{}\"", site.port, ca.display())).await;
    assert!(why.contains("`subjectAltName`") && why.contains("-addext subjectAltName=IP:127.0.0.1"), "{why}");
}

/// Listens, says `words` to whoever has said something, and hangs up.
async fn saying(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(words).await;
        }
    });
    port
}

#[tokio::test]
async fn whatever_is_at_the_other_end_is_said_in_words_with_what_to_do() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    let plain = saying(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let ssh = saying(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    let tls_alert = saying(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let silent = saying(b"").await;
    let half = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
    for (url, said) in [
        (format!("http://127.0.0.1:{nobody}"), "nothing listens there"),
        (format!("https://127.0.0.1:{nobody}"), "nothing listens there"),
        ("https://jira.invalid".to_owned(), "the name of its host is not known"),
        (format!("https://127.0.0.1:{plain}"), "is it the port for plain HTTP?"),
        (format!("https://127.0.0.1:{ssh}"), "is it the port for plain HTTP?"),
        (format!("https://127.0.0.1:{tls_alert}"), "it knows none of the ways to encrypt"),
        (format!("http://127.0.0.1:{tls_alert}"), "write `https://` in `base_url`"),
        (format!("http://127.0.0.1:{ssh}"), "is no HTTP"),
        (format!("http://127.0.0.1:{silent}"), "the connection was"),
        (format!("https://127.0.0.1:{silent}"), "the connection was"),
        (format!("http://127.0.0.1:{half}"), "the connection was"),
    ] {
        let keys = format!("base_url: \"{url}\"");
        let client = client(&keys);
        let call = tokio::time::timeout(Duration::from_secs(30), client.probe());
        let error = call.await.expect("in time").expect_err(&url).to_string();
        assert!(error.contains(said), "{url}: {error}");
        assert_for_people(&error);
    }
}
