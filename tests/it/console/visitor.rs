//! A client that is no browser: it sends what it is told to, and follows nothing.

use std::net::SocketAddr;

use reqwest::{Client, StatusCode, header::HeaderMap, redirect::Policy};

/// A client with the cookie of a session, if it has one.
#[derive(Clone)]
pub struct Visitor {
    http: Client,
    base: String,
    pub cookie: Option<String>,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The cookie that it sets for the session, with its attributes.
    pub fn session_cookie(&self) -> Option<String> {
        let all = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text").to_owned());
        all.into_iter().find(|cookie| cookie.starts_with("usher-session=") || cookie.starts_with("__Host-usher="))
    }

    /// The value of a hidden field of the page.
    pub fn field(&self, name: &str) -> String {
        let rest = self.text.split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.expect("a page with this field").split('"').next().expect("a value").to_owned()
    }
}

/// The header of a browser with a form that its own page sends.
pub const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

impl Visitor {
    pub fn of(admin: SocketAddr) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { http, base: format!("http://{admin}"), cookie: None }
    }

    /// Signed in with `token`.
    pub async fn signed_in(admin: SocketAddr, token: &str) -> Self {
        let mut visitor = Self::of(admin);
        let answer = visitor.sign_in(token, "/").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        visitor
    }

    /// Signs in, and keeps the cookie.
    pub async fn sign_in(&mut self, token: &str, to: &str) -> Answer {
        let answer = self.post("/sign-in", &[("token", token), ("to", to)], &[SAME_ORIGIN]).await;
        if let Some(cookie) = answer.session_cookie() {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)), headers).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        self.send(request.header("content-type", "application/x-www-form-urlencoded"), headers).await
    }

    /// Sends a form as its page does: with the fields that hold its proof.
    pub async fn submit(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page, &[]).await.field("form_token");
        self.post(path, &[&[("form_token", token.as_str())], fields].concat(), &[SAME_ORIGIN]).await
    }

    /// Sends a form with a file as its page does.
    pub async fn upload(&self, page: &str, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
        let token = self.get(page, &[]).await.field("form_token");
        self.upload_as(&token, path, fields, file).await
    }

    /// The same with this proof.
    pub async fn upload_as(&self, token: &str, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
        let part = |name: &str, value: &[u8]| {
            let head = format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            [head.as_bytes(), value, b"\r\n"].concat()
        };
        let mut body = part("form_token", token.as_bytes());
        for (name, value) in fields {
            body.extend(part(name, value.as_bytes()));
        }
        body.extend(part("file", file));
        body.extend(b"--part--\r\n");
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        self.send(request.header("content-type", "multipart/form-data; boundary=part"), &[SAME_ORIGIN]).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> Answer {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.expect("text") }
    }
}
