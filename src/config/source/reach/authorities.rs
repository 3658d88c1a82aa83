//! The authorities who vouch for the certificate of a source.

use std::{fmt, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer,
        pem::{PemObject, SectionKind},
    },
};

use crate::config::reader::{Reader, node::Node, text::read_at_most};

/// All certificates that a system trusts are about a quarter of this.
const MAX_BYTES: u64 = 1024 * 1024;

/// The certificates of authorities: at least one, and each can be one's.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    /// The path of the file that they stand in, as it is written.
    path: String,
}

impl Authorities {
    /// The path of the file that they stand in, as it is written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Each certificate, in DER.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.certificates.len())
    }
}

/// Reads the PEM file at `path`. The error says what is wrong and, after a semicolon, what to do.
fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read_at_most(path, MAX_BYTES)
        .map_err(|error| format!("{}; name a file that usher may read", crate::words::system(&error)))?;
    if pem.len() as u64 > MAX_BYTES {
        return Err("longer than 1 MiB; name a file with the authority's certificate alone".to_owned());
    }
    from_pem(&pem)
}

/// Reads the certificates in `pem`.
fn from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
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
        false => Ok(certificates),
    }
}

/// Reads a source's `ca`: a path, relative to the configuration's.
pub(in crate::config) fn ca(node: &Node, reader: &mut Reader<'_>) -> Option<Authorities> {
    let written = reader.filled(node)?.to_owned();
    let path = reader.file(node, &written)?;
    match read(&path) {
        Ok(certificates) => Some(Authorities { certificates, path: written }),
        Err(why) => reader.refuse(&node.at, format!("the certificates in `{}` can't be used: {why}", path.display())),
    }
}
