//! The parts in which simulated products differ.

use actix_web::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;

use super::{
    ACCOUNT, TOKEN,
    faults::limits::TokenState,
    query::Query,
    reply::Reply,
    world::{Editor, people::Serial},
};
use crate::{config::Auth, domain::Product, secret::Secret};

/// The `Authorization` header of a name and its token or password.
pub(super) fn basic(username: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{secret}")))
}

/// The REST API of one product. A product is one implementation of this, in a folder of its own.
pub(super) trait Api: Sync {
    /// The path of the site's base URL.
    fn prefix(&self) -> &'static str;
    /// The routes of the product.
    fn routes(&self) -> &'static [Route];
    /// Whether an `Authorization` header is the acting account's. In Data Center that is a personal access token, or name and
    /// password.
    fn accepts(&self, authorization: &str) -> bool {
        authorization.strip_prefix("Bearer ") == Some(TOKEN) || authorization == basic(ACCOUNT, TOKEN)
    }
    /// 401.
    fn unauthorized(&self) -> Reply;
    /// 403.
    fn forbidden(&self) -> Reply;
    /// The answer to adding a member without free seats.
    fn licence_full(&self, status: u16) -> Reply;
    /// Any other refusal, in the product's own form.
    fn refused(&self, status: u16, message: &str) -> Reply;
    /// The answer to a change of a user in a read-only directory.
    fn read_only(&self) -> Reply {
        self.refused(403, "Das Verzeichnis des Benutzers ist schreibgeschützt.")
    }
    /// A refusal in the form that is customary at `path`, where a product has several.
    fn at(&self, path: &str, refusal: Reply) -> Reply {
        let _ = path;
        refusal
    }
    /// The headers that tell of the rate limit. Data Center has them on every limited request; `retry-after` is 0 while tokens
    /// remain.
    ///
    /// Source: confluence.atlassian.com, "Adjusting your code for rate limiting".
    fn rate_headers(&self, standing: &TokenState) -> Vec<(&'static str, String)> {
        vec![
            ("X-RateLimit-Limit", standing.limit.capacity.to_string()),
            ("X-RateLimit-Remaining", standing.remaining.to_string()),
            ("X-RateLimit-Interval-Seconds", standing.limit.interval_seconds.to_string()),
            ("X-RateLimit-FillRate", standing.limit.fill.to_string()),
            ("retry-after", standing.retry_after.to_string()),
        ]
    }
    /// The credentials of the acting account.
    fn auth(&self) -> Auth {
        Auth::Bearer(Secret::new(TOKEN))
    }
    /// The lasting id of the acting account.
    fn acting_id(&self) -> &'static str;
}

/// The work of a route; an `Err` is a refusal, so that `?` can be used.
type Work = fn(&mut Call<'_>) -> Result<Reply, Reply>;

/// One method of one path.
pub(super) struct Route {
    pub method: Method,
    /// The path below the site's base URL; a segment in braces matches any segment.
    pub path: &'static str,
    /// Whether it answers without credentials.
    pub open: bool,
    /// Whether it adds a member to a group, for which a seat is needed.
    pub adds: bool,
    pub work: Work,
}

impl Route {
    pub const fn new(method: Method, path: &'static str, work: Work) -> Self {
        Self { method, path, open: false, adds: false, work }
    }

    /// Answers without credentials.
    pub const fn open(method: Method, path: &'static str, work: Work) -> Self {
        Self { method, path, open: true, adds: false, work }
    }

    /// Adds a member to a group.
    pub const fn adds(method: Method, path: &'static str, work: Work) -> Self {
        Self { method, path, open: false, adds: true, work }
    }
}

impl Route {
    /// The segments in place of those in braces, decoded, in their order; none if `path` is another one.
    pub fn segments(&self, path: &str) -> Option<Vec<String>> {
        let (mut wanted, mut given, mut found) = (self.path.split('/'), path.split('/'), Vec::new());
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(found),
                (Some(wanted), Some(given)) if wanted == given => {}
                (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                    found.push(percent_encoding::percent_decode_str(given).decode_utf8().ok()?.into_owned());
                }
                _ => return None,
            }
        }
    }
}

/// One request to a route.
pub(super) struct Call<'a> {
    pub editor: Editor<'a>,
    /// The segments of the path in place of those in braces.
    pub segments: Vec<String>,
    /// The called product.
    pub product: Product,
    /// The API itself.
    pub api: &'static dyn Api,
    pub query: Query,
    pub body: &'a [u8],
    /// The site's base URL, without a slash at the end.
    pub base: &'a str,
}

impl Call<'_> {
    /// Reads the JSON body.
    ///
    /// # Errors
    /// An answer with status 400 if the body is no JSON of this form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        serde_json::from_slice(self.body)
            .map_err(|_| self.api.refused(400, "Der Text der Anfrage ist kein lesbares JSON."))
    }

    /// Refuses where the user's directory can't be written to.
    ///
    /// # Errors
    /// The product's refusal.
    pub fn writable(&self, user: Serial) -> Result<(), Reply> {
        match self.editor.site.resident(user) {
            Some(resident) if resident.account.read_only => Err(self.api.read_only()),
            _ => Ok(()),
        }
    }

    /// The segment of the path at `place` among those in braces.
    pub fn segment(&self, place: usize) -> &str {
        self.segments.get(place).map_or("", String::as_str)
    }
}
