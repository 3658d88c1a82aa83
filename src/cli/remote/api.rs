//! The REST API, as a command sees it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;
use url::{Host, Url};

use super::Error;
use crate::secret::Secret;

/// The time-out of an answer: a preview looks at many users.
const TIMEOUT: Duration = Duration::from_mins(10);
/// The time-outs of a long answer and of its next part. usher itself gives up earlier.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_hours(7);
const CHUNK_TIMEOUT: Duration = Duration::from_mins(2);
/// The items of a page: the most that usher gives.
const PAGE: usize = 500;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client of one usher.
pub struct Api {
    http: reqwest::Client,
    base: Url,
    token: Secret,
}

impl Api {
    /// A client of the usher at `base`. Nothing is called yet.
    ///
    /// # Errors
    /// [`Error::NoToken`] if there is no token, [`Error::NoSuchToken`] if no header can carry it, [`Error::Address`] if
    /// `base` is no HTTP address, [`Error::Local`] if no HTTP client can be made.
    pub fn new(base: Url, token: Option<Secret>) -> Result<Self, Error> {
        let token = token.ok_or(Error::NoToken)?;
        if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::NoSuchToken);
        }
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(Error::Address(base.to_string()));
        }
        // The first caller installs it; all providers in this process are the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder();
        if is_this_machine(&base) {
            // A proxy of the environment would be sent the token, and could not come back here.
            http = http.no_proxy();
        }
        let http = http
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("usher-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Local(format!("no HTTP client can be made: {}", crate::words::call(&error))))?;
        Ok(Self { http, base, token })
    }

    /// Reads the thing at `path`, below the API's prefix.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if no answer comes, [`Error::WrongToken`] if the token is refused,
    /// [`Error::OtherVersion`] if usher has no such path, [`Error::Refused`] if usher says why it does not do it,
    /// [`Error::Unreadable`] if the answer is not usher's.
    pub async fn get(&self, path: &[&str]) -> Result<Value, Error> {
        self.get_with("id", path, &[]).await
    }

    /// Reads `path`; usher's answer has the field `key`.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn get_with(&self, key: &str, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Error> {
        self.send(key, self.request(Method::GET, path)?.query(query)).await
    }

    /// The first `at_most` items of a list; all if it is none.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn list(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        at_most: impl Into<Option<usize>>,
    ) -> Result<Vec<Value>, Error> {
        let (mut items, mut pages) = (Vec::new(), self.pages(path, query, at_most.into()));
        while let Some(page) = pages.next().await? {
            items.extend(page);
        }
        Ok(items)
    }

    /// A list that comes in one answer.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn whole(&self, path: &[&str]) -> Result<Vec<Value>, Error> {
        match self.get_with("items", path, &[]).await?["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(self.unreadable()),
        }
    }

    /// Sends a question in `body`. usher does not store it. Its answer has the field `key`.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn ask(&self, key: &str, path: &[&str], query: &[(&str, &str)], body: String) -> Result<Value, Error> {
        let request = self.request(Method::POST, path)?.query(query);
        self.send(key, request.header(header::CONTENT_TYPE, "application/json").body(body)).await
    }

    /// A list page by page, up to this number of items.
    pub fn pages<'a>(&'a self, path: &'a [&'a str], query: &'a [(&'a str, &'a str)], most: Option<usize>) -> Pages<'a> {
        Pages { api: self, path, query, left: most, cursor: None, is_begun: false }
    }

    /// Sends `body`, or nothing, to `path`; `if_match` is the version it is about. usher's answer has the field `key`.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn send_to(
        &self,
        key: &str,
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
        self.send(key, request).await
    }

    /// Sends `body` to `path`, with a query. usher's answer has the field `key`.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn send_with(
        &self,
        key: &str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: String,
    ) -> Result<Value, Error> {
        let request = self.request(method, path)?.query(query);
        self.send(key, request.header(header::CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Sends a file to `path`. usher's answer has the field `key`.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn send_file(
        &self,
        key: &str,
        path: &[&str],
        query: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> Result<Value, Error> {
        let request = self.request(Method::POST, path)?.query(query);
        self.send(key, request.header(header::CONTENT_TYPE, "text/csv").body(bytes)).await
    }

    /// Has something done that usher confirms without a word: with 204 and no body. Any other answer is not usher's.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn order(&self, method: Method, path: &[&str], if_match: Option<&str>) -> Result<(), Error> {
        let mut request = self.request(method, path)?;
        if let Some(version) = if_match {
            request = request.header(header::IF_MATCH, version);
        }
        match self.answer(request).await? {
            (StatusCode::NO_CONTENT, _) => Ok(()),
            _ => Err(self.unreadable()),
        }
    }

    /// Downloads from `path` a long answer that is not JSON, and passes its parts to `take`.
    ///
    /// # Errors
    /// As with any request; [`Error::BrokenOff`] if the answer is incomplete; the errors of `take`.
    pub async fn download(&self, path: &[&str], mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let unreachable =
            |error: reqwest::Error| Error::Unreachable { url: self.base.to_string(), why: crate::words::call(&error) };
        let request = self.request(Method::POST, path)?.timeout(DOWNLOAD_TIMEOUT);
        let mut response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let problem = serde_json::from_str(&response.text().await.map_err(unreachable)?);
            return Err(problem.map_or_else(
                |_| self.unreadable(),
                |problem| Error::from_problem(self.base.as_str(), status, &problem),
            ));
        }
        loop {
            match timeout(CHUNK_TIMEOUT, response.chunk()).await {
                Ok(Ok(Some(chunk))) => take(&chunk)?,
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(_)) | Err(_) => return Err(Error::BrokenOff(self.base.to_string())),
            }
        }
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        // In a URL these name another thing, or none; line breaks are left out of one.
        let is_none = |part: &str| matches!(part, "" | "." | "..") || part.contains(char::is_control);
        if let Some(part) = path.iter().find(|part| is_none(part)) {
            return Err(Error::NoId((*part).to_owned()));
        }
        let mut url = self.base.clone();
        let bad = || Error::Address(self.base.to_string());
        url.path_segments_mut().map_err(|()| bad())?.pop_if_empty().extend(["api", "v1"]).extend(path);
        let mut request = self.http.request(method, url).bearer_auth(self.token.reveal());
        if let Some(who) = actor() {
            request = request.header("X-Usher-Actor", who);
        }
        Ok(request)
    }

    /// Sends `request`. What has no field `key` is not usher's answer: nothing may be concluded from it.
    async fn send(&self, key: &str, request: RequestBuilder) -> Result<Value, Error> {
        let (_, answer) = self.answer(request).await?;
        if answer.get(key).is_some() { Ok(answer) } else { Err(self.unreadable()) }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, Value), Error> {
        let unreachable =
            |error: reqwest::Error| Error::Unreachable { url: self.base.to_string(), why: crate::words::call(&error) };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let body = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
        match body {
            Ok(body) if status.is_success() => Ok((status, body)),
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

/// The pages of a list. Dropped before its end, nothing more is asked for.
pub struct Pages<'a> {
    api: &'a Api,
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    /// The number of items still wanted; none: all.
    left: Option<usize>,
    cursor: Option<String>,
    is_begun: bool,
}

impl Pages<'_> {
    /// The next page, which may be empty; none if there are no more, or no more are wanted.
    ///
    /// # Errors
    /// As [`Api::get`]; [`Error::Unreadable`] also if a page names itself as the next one.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Error> {
        if (self.is_begun && self.cursor.is_none()) || self.left == Some(0) {
            return Ok(None);
        }
        let limit = self.left.unwrap_or(PAGE).min(PAGE).to_string();
        let mut query = self.query.to_vec();
        query.push(("limit", limit.as_str()));
        query.extend(self.cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let mut page = self.api.get_with("items", self.path, &query).await?;
        let Value::Array(mut items) = page["items"].take() else { return Err(self.api.unreadable()) };
        items.truncate(self.left.unwrap_or(usize::MAX));
        self.left = self.left.map(|left| left - items.len());
        let next = page["next"].as_str().map(str::to_owned);
        if next.is_some() && next == self.cursor {
            return Err(self.api.unreadable()); // it would never end
        }
        (self.cursor, self.is_begun) = (next, true);
        Ok(Some(items))
    }

    /// The cursor of the rest; none if there is no more.
    pub fn rest(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The user at the terminal, for the history of schemes.
fn actor() -> Option<String> {
    let name = std::env::var("USER").ok()?;
    let plain = !name.is_empty() && name.len() <= 100 && name.chars().all(|c| c.is_ascii_graphic());
    plain.then_some(name)
}
