//! The controls of a sandbox in another process.

use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use url::Url;

use super::routes::{After, FaultId, Membership, OfIssue, OfSite, OfUser};
use crate::{
    domain::Product,
    sandbox::{Account, Application, Entry, Fault, Injected, Issue, Limit, Listed, Population, RequestCount},
};

/// Speaks to `/_sandbox/`. Every call fails alike: the sandbox is not there, or it refused.
#[derive(Debug, Clone)]
pub struct Control {
    http: Client,
    origin: Url,
}

impl Control {
    /// Controls the sandbox at `origin`, like `http://127.0.0.1:8090/`.
    ///
    /// # Errors
    /// [`reqwest::Error`] if no HTTP client can be made.
    pub fn new(origin: Url) -> reqwest::Result<Self> {
        install_crypto();
        // A connection of before may just be closed by the sandbox, and what was posted on it is not sent again.
        Ok(Self { http: Client::builder().no_proxy().pool_max_idle_per_host(0).build()?, origin })
    }

    fn request(&self, method: Method, what: &str) -> RequestBuilder {
        let mut url = self.origin.clone();
        url.set_path(&format!("/_sandbox/{what}"));
        self.http.request(method, url)
    }

    /// The changes behind number `seq`; 0 for all.
    ///
    /// # Errors
    /// [`reqwest::Error`] if the call fails, is answered with an error status, or the answer can't be read.
    pub async fn journal(&self, seq: u64) -> reqwest::Result<Vec<Entry>> {
        ask(self.request(Method::GET, "journal").query(&After { after: seq })).await
    }

    /// Requests to the products, counted.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn requests(&self) -> reqwest::Result<Vec<RequestCount>> {
        ask(self.request(Method::GET, "requests")).await
    }

    /// The users of a site with their groups, in the order of creation, the acting account first.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn users(&self, site: Product) -> reqwest::Result<Vec<Listed>> {
        ask(self.request(Method::GET, "users").query(&OfSite { site })).await
    }

    /// Creates users, or replaces those of the same ids; memberships stay. About 50,000 fit in one call.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn put_users(&self, site: Product, accounts: &[Account]) -> reqwest::Result<()> {
        tell(self.request(Method::PUT, "users").query(&OfSite { site }).json(accounts)).await
    }

    /// Creates many users, or replaces those of the same ids.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn put_crowd(&self, site: Product, crowd: &Population) -> reqwest::Result<()> {
        tell(self.request(Method::PUT, "crowd").query(&OfSite { site }).json(crowd)).await
    }

    /// Creates an application with its groups, or replaces it.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn put_application(&self, site: Product, application: &Application) -> reqwest::Result<()> {
        tell(self.request(Method::PUT, "applications").query(&OfSite { site }).json(application)).await
    }

    /// The issues of a site, in the order of creation.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn issues(&self, site: Product) -> reqwest::Result<Vec<Issue>> {
        ask(self.request(Method::GET, "issues").query(&OfSite { site })).await
    }

    /// Moves an issue to done, or back; false if there is none of that key.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn set_done(&self, site: Product, key: &str, done: bool) -> reqwest::Result<bool> {
        ask(self.request(Method::PUT, "issues").query(&OfIssue { site, key: key.to_owned(), done })).await
    }

    /// Deletes a user; false if there was none.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn delete_user(&self, site: Product, user: &str) -> reqwest::Result<bool> {
        ask(self.request(Method::DELETE, "users").query(&OfUser { site, user: user.to_owned(), force: false })).await
    }

    /// Creates groups, where they are not there.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn put_groups(&self, site: Product, names: &[&str]) -> reqwest::Result<()> {
        tell(self.request(Method::PUT, "groups").query(&OfSite { site }).json(names)).await
    }

    /// Puts a user into a group, as somebody else would; false if it was in it. 404 for unknown ones.
    ///
    /// # Errors
    /// As [`Control::journal`]; also with 404 if the site has no such user or group.
    pub async fn add_member(&self, site: Product, user: &str, group: &str) -> reqwest::Result<bool> {
        self.membership(Method::PUT, site, user, group).await
    }

    /// Takes a user out of a group, as somebody else would; false if it was not in it. 404 for unknown ones.
    ///
    /// # Errors
    /// As [`Control::add_member`].
    pub async fn remove_member(&self, site: Product, user: &str, group: &str) -> reqwest::Result<bool> {
        self.membership(Method::DELETE, site, user, group).await
    }

    async fn membership(&self, method: Method, site: Product, user: &str, group: &str) -> reqwest::Result<bool> {
        let of = Membership { site, user: user.to_owned(), group: group.to_owned() };
        ask(self.request(method, "members").query(&of)).await
    }

    /// Injects a fault; the answer is its id.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn inject(&self, fault: &Fault) -> reqwest::Result<u64> {
        ask::<FaultId>(self.request(Method::POST, "faults").json(fault)).await.map(|made| made.id)
    }

    /// The faults in force, and how often they fired.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn faults(&self) -> reqwest::Result<Vec<Injected>> {
        ask(self.request(Method::GET, "faults")).await
    }

    /// Removes one fault; false if there was none.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn remove_fault(&self, id: u64) -> reqwest::Result<bool> {
        ask(self.request(Method::DELETE, &format!("faults/{id}"))).await
    }

    /// Removes all faults.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn clear_faults(&self) -> reqwest::Result<()> {
        tell(self.request(Method::DELETE, "faults")).await
    }

    /// Sets the rate limit of a site, with a full bucket; or lifts it.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn limit(&self, site: Product, limit: Option<Limit>) -> reqwest::Result<()> {
        let of = OfSite { site };
        match limit {
            Some(limit) => tell(self.request(Method::PUT, "limits").query(&of).json(&limit)).await,
            None => tell(self.request(Method::DELETE, "limits").query(&of)).await,
        }
    }

    /// Makes all as at the start.
    ///
    /// # Errors
    /// As [`Control::journal`].
    pub async fn reset(&self) -> reqwest::Result<()> {
        tell(self.request(Method::POST, "reset")).await
    }
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> reqwest::Result<T> {
    request.send().await?.error_for_status()?.json().await
}

async fn tell(request: RequestBuilder) -> reqwest::Result<()> {
    request.send().await?.error_for_status().map(drop)
}

/// Chooses the process's cryptography, without which no client can be built; a choice made before stands.
fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
