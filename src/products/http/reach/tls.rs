//! The faults of a failed TLS handshake, with the remedies.

use rustls::{
    AlertDescription, CertificateError, Error, OtherError,
    pki_types::{IpAddr, ServerName},
};

use crate::config::Transport;

/// Why there is no encrypted connection.
pub(super) fn handshake(error: &Error, transport: &Transport) -> String {
    let why = match error {
        Error::InvalidCertificate(wrong) => return certificate(wrong, transport.ca.is_some()),
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => {
            "it does not speak TLS at this port; is it the port for plain HTTP? Write the one for HTTPS in `base_url`"
        }
        Error::AlertReceived(alert) => refused(*alert),
        Error::PeerIncompatible(_) => NOTHING_IN_COMMON,
        Error::NoCertificatesPresented => "it shows no certificate; configure one there",
        Error::FailedToGetCurrentTime => "this machine's clock can't be read",
        _ => "encryption fails; look into the log of the product, or of what stands before it",
    };
    why.to_owned()
}

const NOTHING_IN_COMMON: &str =
    "it knows none of the ways to encrypt that are safe today; configure TLS 1.2 or 1.3 there, with current ciphers";

fn refused(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => NOTHING_IN_COMMON,
        Alert::UnrecognisedName => "it does not know the host in `base_url`; write the name that it is configured for",
        Alert::CertificateRequired
        | Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            "it wants a certificate of usher's, which has none; let usher's address in without one, or lead it by a `proxy`"
        }
        _ => "it breaks encryption off; look into the log of the product, or of what stands before it",
    }
}

/// The fault of a certificate; `ca` says whether the source has its own authorities.
fn certificate(wrong: &CertificateError, ca: bool) -> String {
    let advice = match wrong {
        // A bad signature is one by somebody else of the same name: an authority that has been made anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature if ca => {
            "its certificate is not signed by an authority in the file that `ca` names, nor in there itself"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is not signed by an authority that this machine trusts; if the authority is your own, name \
             its certificate's file in `ca`"
        }
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => {
            return names_no_host(expected);
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host; write in `base_url` the host that it is for"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock of this machine"
        }
        CertificateError::Revoked => "its certificate has been revoked; have a new one made",
        CertificateError::BadEncoding => "its certificate can't be read; have a new one made",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not for servers; have one made with the extended key usage `serverAuth`"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate is signed in a way that is not safe; have one made with SHA-256, and 2,048 bits where it is RSA"
        }
        CertificateError::Other(OtherError(cause)) => other(cause.downcast_ref(), ca),
        _ => "its certificate can't be used; have a new one made",
    };
    advice.to_owned()
}

fn other(cause: Option<&webpki::Error>, ca: bool) -> &'static str {
    match cause {
        Some(webpki::Error::CaUsedAsEndEntity) if ca => {
            "its certificate is one for an authority (CA:TRUE), and not in the file that `ca` names; write that very \
             certificate into it"
        }
        Some(webpki::Error::CaUsedAsEndEntity) => {
            "its certificate is one for an authority (CA:TRUE), as `openssl req -x509` makes them; name its file in `ca`"
        }
        Some(webpki::Error::UnsupportedCertVersion) => "its certificate is of version 1; have one of version 3 made",
        Some(webpki::Error::NameConstraintViolation) => {
            "its certificate is by an authority that may not sign for this host; have one made by another"
        }
        _ => "its certificate can't be used; have a new one made",
    }
}

fn names_no_host(expected: &ServerName<'_>) -> String {
    let host = match expected {
        ServerName::IpAddress(IpAddr::V4(_) | IpAddr::V6(_)) => format!("IP:{}", expected.to_str()),
        _ => format!("DNS:{}", expected.to_str()),
    };
    format!(
        "its certificate names no host: it has no `subjectAltName`, and a `CN` alone does not count; make one with `openssl \
         req -x509 -newkey rsa:2048 -nodes -days 825 -subj /CN={} -addext subjectAltName={host} -keyout key.pem -out cert.pem`",
        expected.to_str()
    )
}
