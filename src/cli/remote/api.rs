//! The REST API, as a command sees it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;
use url::Url;

use super::Error;
use crate::secret::Secret;

/// How long an answer may take: a preview looks at many users.
const TIMEOUT: Duration = Duration::from_mins(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client of one usher.
pub struct Api {
    http: reqwest::Client,
    base: Url,
    token: Secret,
}

impl Api {
    /// A client of the usher at `base`. Nothing is called yet.
    pub fn new(base: Url, token: Option<Secret>) -> Result<Self, Error> {
        let token = token.ok_or(Error::NoToken)?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(Error::Address(base.to_string()));
        }
        // Whoever comes first installs it; it is the same one everywhere in this process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("usher-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Local(error.to_string()))?;
        Ok(Self { http, base, token })
    }

    /// Reads `path`, below the API's prefix.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Error> {
        self.send(self.request(Method::GET, path)?.query(query)).await
    }

    /// Every item of a list, page by page.
    pub async fn list(&self, path: &[&str], query: &[(&str, &str)], at_most: usize) -> Result<Vec<Value>, Error> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query: Vec<_> = query.to_vec();
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.get(path, &query).await?;
            let Some(found) = page["items"].as_array() else { return Err(self.unreadable()) };
            items.extend(found.iter().take(at_most - items.len()).cloned());
            cursor = page["next"].as_str().map(str::to_owned).filter(|next| cursor.as_ref() != Some(next));
            if cursor.is_none() || items.len() >= at_most {
                return Ok(items);
            }
        }
    }

    /// Sends `body`, or nothing, to `path`; `if_match` is the version it is about.
    pub async fn send_to(
        &self,
        method: Method,
        path: &[&str],
        body: Option<String>,
        if_match: Option<&str>,
    ) -> Result<Value, Error> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(version) = if_match {
            request = request.header(header::IF_MATCH, version);
        }
        self.send(request).await
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        let mut url = self.base.clone();
        let bad = || Error::Address(self.base.to_string());
        url.path_segments_mut().map_err(|()| bad())?.pop_if_empty().extend(["api", "v1"]).extend(path);
        let mut request = self.http.request(method, url).bearer_auth(self.token.reveal());
        if let Some(who) = actor() {
            request = request.header("X-Usher-Actor", who);
        }
        Ok(request)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Error> {
        let unreachable =
            |error: reqwest::Error| Error::Unreachable { url: self.base.to_string(), why: innermost(&error) };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let body = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
        match body {
            Ok(body) if status.is_success() => Ok(body),
            Ok(problem) if !status.is_success() => {
                Err(Error::from_problem(self.base.as_str(), status.as_u16(), &problem))
            }
            Ok(_) | Err(_) => Err(self.unreadable()),
        }
    }

    fn unreadable(&self) -> Error {
        Error::Unreadable(self.base.to_string())
    }
}

/// Who sits at the terminal, for the history of schemes.
fn actor() -> Option<String> {
    let name = std::env::var("USER").ok()?;
    let plain = !name.is_empty() && name.len() <= 100 && name.chars().all(|c| c.is_ascii_graphic());
    plain.then_some(name)
}

/// What went wrong at the bottom: the layers above only say that something did.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
