//! How a source is reached: a proxy on the way, and who vouches for its certificate.

use std::{fmt, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{PemObject, SectionKind},
    },
};
use url::Url;

use super::{
    address::is_shown_on_the_way,
    keys::{CA, PROXY},
    proxy::{Proxy, proxy},
};
use crate::config::{
    reader::{Reader, node::Node, text::read_at_most},
    shape::fields::Fields,
};

/// All certificates that a system trusts are about a quarter of this.
const MAX_BYTES: u64 = 1024 * 1024;

/// How a source is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transport {
    /// The proxy that every call goes through; none: they go straight. The environment's proxies are not looked at.
    pub proxy: Option<Proxy>,
    /// Who vouches for the source's certificate; none: those whom the machine trusts.
    pub ca: Option<Authorities>,
}

/// The certificates of authorities: at least one, and each can be one's.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Reads the PEM file at `path`. The error says what is wrong and, after a semicolon, what to do.
    fn read(path: &Path) -> Result<Self, String> {
        let pem = read_at_most(path, MAX_BYTES)
            .map_err(|error| format!("{}; name a file that usher may read", crate::words::system(&error)))?;
        if pem.len() as u64 > MAX_BYTES {
            return Err("longer than 1 MiB; name a file with the authority's certificate alone".to_owned());
        }
        Self::from_pem(&pem)
    }

    /// Reads the certificates in `pem`.
    fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let (mut certificates, mut roots) = (Vec::new(), RootCertStore::empty());
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
            let (kind, der) = section.map_err(|_| "not whole PEM; copy the file anew".to_owned())?;
            if kind != SectionKind::Certificate {
                let what = "holds something else than certificates, perhaps a private key";
                return Err(format!("{what}; leave in it the authority's certificate alone"));
            }
            let certificate = CertificateDer::from(der);
            let nth = certificates.len() + 1;
            roots.add(certificate.clone()).map_err(|_| format!("certificate {nth} can't be read; export it anew"))?;
            certificates.push(certificate);
        }
        match certificates.is_empty() {
            true => Err("holds no certificate; name a PEM file, with `-----BEGIN CERTIFICATE-----` in it".to_owned()),
            false => Ok(Self(certificates)),
        }
    }

    /// Each certificate, in DER.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

/// Reads a source's `proxy` and `ca`; the source is at `base_url`, where that can be read.
pub(in crate::config) fn transport(
    fields: &mut Fields<'_>,
    base_url: Option<&Url>,
    reader: &mut Reader<'_>,
) -> Option<Transport> {
    let proxy = fields.or_else(&PROXY, None, |node| {
        base_url.map_or(Some(()), |base_url| shown_to_proxy(node, base_url, reader))?;
        proxy(node, reader).map(Some)
    });
    let ca = fields.optional(&CA, reader);
    Some(Transport { proxy: proxy?, ca: ca? })
}

/// Plain HTTP shows a proxy everything. Where `plain_http` names the host that is as the administrator wants it; a host
/// that needs no such word, because it is this machine, is none any more behind a proxy.
fn shown_to_proxy(node: &Node, base_url: &Url, reader: &mut Reader<'_>) -> Option<()> {
    if base_url.scheme() != "http" {
        return Some(());
    }
    if !is_shown_on_the_way(base_url) {
        let message = "plain http would show the credentials to the proxy, and this machine needs none to reach itself; \
                       leave it out";
        return reader.refuse(&node.at, message);
    }
    reader.warn(&node.at, "plain http shows the credentials to the proxy; write `https://` in `base_url`");
    Some(())
}

/// Reads a source's `ca`: a path, relative to the configuration's.
pub(super) fn ca(node: &Node, reader: &mut Reader<'_>) -> Option<Authorities> {
    let path = reader.filled(node)?;
    let path = reader.file(path);
    match Authorities::read(&path) {
        Ok(authorities) => Some(authorities),
        Err(why) => reader.refuse(&node.at, format!("the certificates in `{}` can't be used: {why}", path.display())),
    }
}
