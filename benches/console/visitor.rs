//! Somebody who has signed in and asks for pages, as a browser does.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT_ENCODING, COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use url::Url;

use super::{
    ground::{ADMIN_TOKEN, Ground},
    pages::Page,
    report::Row,
};

/// Has the cookie of a session.
pub struct Visitor {
    http: Client,
    console: Url,
    cookie: String,
    /// The bytes of stylesheet, scripts and icon, by address.
    files: Mutex<HashMap<String, usize>>,
}

impl Visitor {
    /// Signs in.
    pub async fn sign_in(ground: &Ground) -> anyhow::Result<Self> {
        // Nothing is unpacked here: what counts is what comes over the wire.
        let http = Client::builder().no_proxy().no_gzip().redirect(Policy::none()).timeout(Duration::from_secs(60));
        let (http, console) = (http.build()?, ground.console.clone());
        let form = format!("token={ADMIN_TOKEN}&to=%2F");
        let request = http.post(console.join("sign-in")?).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.header("sec-fetch-site", "same-origin").body(form).send().await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "signing in is answered {}", answer.status());
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let cookies = cookies.filter_map(|cookie| cookie.split(';').next());
        let cookie = cookies.collect::<Vec<_>>().join("; ");
        Ok(Self { http, console, cookie, files: Mutex::default() })
    }

    /// Asks for `page` so many times, one after the other; a first time does not count.
    pub async fn measure(&self, page: &Page, times: usize) -> anyhow::Result<Row> {
        let (mut waits, mut html) = (Vec::new(), String::new());
        let mut path = page.path.clone();
        for nth in 0..=times {
            let (mut answer, mut wait) = self.ask(&path, page.is_part).await?;
            if let Some(to) = answer.headers().get(LOCATION).filter(|_| nth == 0) {
                path = to.to_str()?.to_owned();
                (answer, wait) = self.ask(&path, page.is_part).await?;
            }
            let status = answer.status();
            html = answer.text().await?;
            ensure!(status == StatusCode::OK, "{path} is answered {status}: {html}");
            if nth > 0 {
                waits.push(wait);
            }
        }
        waits.sort_unstable();
        let ms = |wait: Option<&Duration>| wait.map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3);
        let mut bytes = html.len();
        if !page.is_part {
            for file in files(&html) {
                bytes += self.file(file).await?;
            }
            for part in parts(&html) {
                bytes += self.ask(&part, true).await?.0.bytes().await?.len();
            }
        }
        Ok(Row {
            path: page.path.clone(),
            is_part: page.is_part,
            first_byte_ms: ms(waits.get(waits.len() / 2)),
            longest_ms: ms(waits.last()),
            html_bytes: html.len(),
            bytes,
        })
    }

    /// The answer, and how long its first byte took.
    async fn ask(&self, path: &str, is_part: bool) -> anyhow::Result<(Response, Duration)> {
        let url = self.console.join(path)?;
        let mut request = self.http.get(url).header(COOKIE, &self.cookie).header(ACCEPT_ENCODING, "gzip, deflate, br");
        if is_part {
            request = request.header("HX-Request", "true").header("HX-Request-Type", "partial");
        }
        let began = Instant::now();
        let answer = request.send().await?;
        Ok((answer, began.elapsed()))
    }

    async fn file(&self, path: &str) -> anyhow::Result<usize> {
        let known =
            |files: &Mutex<HashMap<String, usize>>| files.lock().ok().and_then(|files| files.get(path).copied());
        if let Some(bytes) = known(&self.files) {
            return Ok(bytes);
        }
        let (answer, _) = self.ask(path, false).await?;
        ensure!(answer.status() == StatusCode::OK, "{path} is answered {}", answer.status());
        let bytes = answer.bytes().await.with_context(|| path.to_owned())?.len();
        if let Ok(mut files) = self.files.lock() {
            files.insert(path.to_owned(), bytes);
        }
        Ok(bytes)
    }
}

/// The addresses of the files that a page loads.
fn files(html: &str) -> impl Iterator<Item = &str> {
    let of = |attribute: &'static str| html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    of("href=\"").chain(of("src=\"")).filter(|address| address.starts_with("/assets/"))
}

/// The addresses of the parts that a page loads by itself as soon as it is there.
fn parts(html: &str) -> impl Iterator<Item = String> {
    let loads = html.split("hx-get=\"").skip(1).filter_map(|rest| rest.split_once("\" hx-trigger=\"load"));
    // The address ends before the attribute that follows.
    let loads = loads.map(|(address, _)| address).filter(|address| !address.contains('"'));
    loads.map(|address| address.replace("&#38;", "&").replace("&amp;", "&"))
}
