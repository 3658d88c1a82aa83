//! A product behind TLS, with a certificate of a self-made authority. It answers every question alike.

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};
use tempfile::NamedTempFile;
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

use super::proxy::head;

/// What it says to every question: who asks.
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{\"key\":\"JIRAUSER1\",\"name\":\"usher\"}";

/// Somebody who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        Self::of(params)
    }

    /// With a certificate like that.
    pub fn of(mut params: CertificateParams) -> Self {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its certificate in a PEM file.
    pub fn file(&self) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(self.0.pem().as_bytes()).expect("written");
        file
    }

    fn server(&self, host: &str) -> ServerConfig {
        self.server_with_its_certificate(host).0
    }

    /// A server for `host`, and its certificate in a PEM file.
    pub fn server_with_its_certificate(&self, host: &str) -> (ServerConfig, NamedTempFile) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([host.to_owned()]).expect("a host");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(certificate.pem().as_bytes()).expect("written");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        (server(certificate.der().clone(), key.into()), file)
    }

    /// A server that shows the authority's own certificate.
    pub fn itself(&self) -> ServerConfig {
        let key = PrivatePkcs8KeyDer::from(self.0.key().serialize_der());
        server(self.0.der().clone(), key.into())
    }
}

fn server(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> ServerConfig {
    let _ = rustls::crypto::ring::default_provider().install_default(); // whoever comes first
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("key and certificate belong together")
}

/// Runs until it is dropped.
pub struct TlsSite {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl TlsSite {
    /// Whose certificate is for `host`.
    pub async fn start(authority: &Authority, host: &str) -> Self {
        Self::of(authority.server(host)).await
    }

    /// With the certificate and key in those PEM files.
    pub async fn showing(certificate: &Path, key: &Path) -> Self {
        let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
        Self::of(server(certificate, PrivateKeyDer::from_pem_file(key).expect("a key"))).await
    }

    /// With that certificate and key.
    pub async fn of(server: ServerConfig) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn({
            let heads = Arc::clone(&heads);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    let (acceptor, heads) = (acceptor.clone(), Arc::clone(&heads));
                    tokio::spawn(async move {
                        let Ok(mut stream) = acceptor.accept(stream).await else { return };
                        while let Some(head) = head(&mut stream).await {
                            heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
                            if stream.write_all(ANSWER.as_bytes()).await.is_err() {
                                return;
                            }
                        }
                    });
                }
            }
        });
        Self { port, heads, server }
    }

    /// All that was said before bodies.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The methods and paths.
    pub fn asked(&self) -> Vec<String> {
        let line = |head: &String| head.lines().next().expect("a line").trim_end_matches(" HTTP/1.1").to_owned();
        self.heads().iter().map(line).collect()
    }
}

impl Drop for TlsSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}
