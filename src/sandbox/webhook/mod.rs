//! Webhooks as Jira sends them, to be sent to usher.

mod body;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Response};
use serde_json::Value;
use sha2::Sha256;
use url::Url;

pub use body::Happening;

use super::Account;
use crate::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
};

/// One delivery: its raw body and its headers. Sending it twice is a redelivery.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    body: Bytes,
    headers: Vec<(String, String)>,
}

impl Delivery {
    /// Tells that something happened to a user, now.
    pub fn of(product: Product, happening: Happening, account: &Account) -> Self {
        Self::at(product, happening, account, SystemClock.now())
    }

    /// Tells that something happened to a user at a given time.
    pub fn at(product: Product, happening: Happening, account: &Account, at: Timestamp) -> Self {
        let delivery = Self::json(&body::of(product, happening, account, at));
        match product {
            Product::JiraDc | Product::ConfluenceDc | Product::BitbucketDc | Product::Crowd => delivery,
            Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => delivery
                .header("X-Atlassian-Webhook-Identifier", format!("{:032x}", rand::random::<u128>()))
                .header("X-Atlassian-Webhook-Flow", "Primary")
                .header("User-Agent", "Atlassian Webhook HTTP Client"),
        }
    }

    /// Any JSON body.
    pub fn json(body: &Value) -> Self {
        Self::raw(body.to_string())
    }

    /// Any body, sent as JSON.
    pub fn raw(body: impl Into<Bytes>) -> Self {
        let content_type = ("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned());
        Self { body: body.into(), headers: vec![content_type] }
    }

    /// Sets a header, in place of one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A repeated delivery: the same identifier, with the number of the retry (Cloud).
    #[must_use]
    pub fn retry(self, number: u32) -> Self {
        self.header("X-Atlassian-Webhook-Retry", number.to_string())
    }

    /// Signed: `X-Hub-Signature` over the raw body.
    #[must_use]
    pub fn sign(self, secret: &str) -> Self {
        let signature = signature(secret.as_bytes(), &self.body);
        self.header("X-Hub-Signature", signature)
    }

    /// The raw body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The headers, `Content-Type` among them.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Posts it to `url`.
    ///
    /// # Errors
    /// [`reqwest::Error`] if no answer comes. An answer with an error status is no error here.
    pub async fn send(&self, client: &Client, url: Url) -> reqwest::Result<Response> {
        let request = client.post(url).body(self.body.clone());
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
    }
}

/// `sha256=` and the HMAC of the body in hexadecimal. On its own here, so that it is a check on the verifying side.
fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
        delivery.headers().iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_signature_is_the_one_that_atlassian_publishes() {
        // developer.atlassian.com/cloud/jira/platform/webhooks, "Secure admin webhooks"
        let signed = Delivery::raw("Hello World!").sign("It's a Secret to Everybody");
        let published = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert_eq!(header(&signed, "X-Hub-Signature"), Some(published));
    }

    #[test]
    fn cloud_names_each_delivery_and_keeps_the_name_across_retries() {
        let of = || Delivery::of(Product::JiraCloud, Happening::Created, &Account::new("a:1", "Jane"));
        let (first, other) = (of(), of());
        let identifier = |delivery| header(delivery, "X-Atlassian-Webhook-Identifier").map(str::to_owned);
        assert!(identifier(&first).is_some() && identifier(&first) != identifier(&other));
        let again = first.clone().retry(1);
        assert_eq!(identifier(&again), identifier(&first));
        assert_eq!(
            (header(&first, "X-Atlassian-Webhook-Retry"), header(&again, "X-Atlassian-Webhook-Retry")),
            (None, Some("1"))
        );
        assert_eq!(header(&first, "X-Atlassian-Webhook-Flow"), Some("Primary"));
    }

    #[test]
    fn data_center_sends_no_delivery_id() {
        let delivery = Delivery::of(Product::JiraDc, Happening::Created, &Account::new("JIRAUSER1", "jane"));
        assert_eq!(header(&delivery, "X-Atlassian-Webhook-Identifier"), None);
    }

    #[test]
    fn a_header_set_again_takes_the_place_of_the_first() {
        let delivery = Delivery::raw("").header("content-type", "text/plain");
        assert_eq!(delivery.headers(), [("content-type".to_owned(), "text/plain".to_owned())]);
    }
}
