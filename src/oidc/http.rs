//! Calls to the provider: bounded in time and size, by the configured way, and without redirects.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Client, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use url::{Url, form_urlencoded};

use super::Error;
use crate::{
    config::Transport,
    products::{Limits, http_client},
    secret::Secret,
};

/// Somebody waits for the page.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(6);
/// Key sets and tokens have some KiB.
const MAX_BYTES: usize = 256 * 1024;

/// A client for one sign-in. It is made each time, which is seldom, so it keeps no connections.
pub(super) struct Http(Client);

impl Http {
    /// A client that uses `transport`.
    ///
    /// # Errors
    /// [`Error::Away`] if its proxy or its certificates can't be used.
    pub(super) fn new(transport: &Transport) -> Result<Self, Error> {
        let limits = Limits { connect: CONNECT_TIMEOUT, call: CALL_TIMEOUT, ..Limits::default() };
        http_client(limits, transport).map(Self).map_err(|error| Error::Away(format!("no call can be made: {error}")))
    }

    /// The document at `url`.
    ///
    /// # Errors
    /// [`Error::Away`] if nothing, too much or something else than a document is answered.
    pub(super) async fn get(&self, url: &Url) -> Result<Vec<u8>, Error> {
        let (status, body) = self.answer(url, self.0.get(url.clone())).await?;
        match status {
            StatusCode::OK => Ok(body),
            _ => Err(away(url, &format!("the answer was {status}"))),
        }
    }

    /// Sends a form, perhaps as a client with a password. Gives the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Away`] if nothing or too much is answered.
    pub(super) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        client: Option<(&str, &Secret)>,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.0.post(url.clone()).body(body);
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = client {
            request = request.header(AUTHORIZATION, basic(id, secret)?);
        }
        self.answer(url, request).await
    }

    async fn answer(&self, url: &Url, request: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>), Error> {
        let response = request.send().await.map_err(|error| away(url, &crate::words::call(&error)))?;
        let status = response.status();
        Ok((status, bounded(url, response).await?))
    }
}

async fn bounded(url: &Url, mut response: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(url, &crate::words::call(&error)))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(away(url, "the answer is longer than 256 KiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Id and password are encoded before they are joined (RFC 6749, 2.3.1): either may hold a colon.
fn basic(id: &str, secret: &Secret) -> Result<HeaderValue, Error> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encoded(id), encoded(secret.reveal()));
    let header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(joined)));
    let mut header = header.map_err(|_| Error::Away("the client's credentials can't be sent".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// `url` without a query, which a document of the provider may have given.
pub(super) fn away(url: &Url, why: &str) -> Error {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Error::Away(format!("{}://{host}{port}{}: {why}", url.scheme(), url.path()))
}
