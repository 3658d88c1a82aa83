//! What each simulated product has to say for itself.

use actix_web::http::Method;
use serde::de::DeserializeOwned;

use super::{
    answer::Answer,
    atlassian_org::AtlassianOrg,
    bitbucket_dc::BitbucketDc,
    confluence::{cloud::ConfluenceCloud, data_center::ConfluenceDc},
    crowd_server::Crowd,
    faults::limits::Standing,
    jira::{self, cloud::JiraCloud, data_center::JiraDc},
    world::Editor,
};
use crate::{config::Auth, domain::Product};

/// The REST API of one product. A product is one implementation of this, in a folder of its own.
pub(super) trait Api: Sync {
    /// The path of the site's base URL.
    fn prefix(&self) -> &'static str;
    /// What can be asked for.
    fn routes(&self) -> &'static [Route];
    /// Whether an `Authorization` header is the acting account's.
    fn accepts(&self, authorization: &str) -> bool;
    /// 401.
    fn unauthorized(&self) -> Answer;
    /// 403.
    fn forbidden(&self) -> Answer;
    /// What adding a member gives where no seats are left.
    fn licence_full(&self, status: u16) -> Answer;
    /// Any other refusal, in the product's own form.
    fn refused(&self, status: u16, message: &str) -> Answer;
    /// A refusal in the form that is customary at `path`, where a product has several.
    fn at(&self, path: &str, refusal: Answer) -> Answer {
        let _ = path;
        refusal
    }
    /// The headers that tell of the rate limit.
    fn rate_headers(&self, standing: &Standing) -> Vec<(&'static str, String)>;
    /// The credentials of the acting account.
    fn auth(&self) -> Auth;
    /// The lasting id of the acting account.
    fn acting_id(&self) -> &'static str;
}

/// Every product of the sandbox with its API.
pub(super) static SITES: &[(Product, &dyn Api)] = &[
    (Product::JiraDc, &JiraDc),
    (Product::ConfluenceDc, &ConfluenceDc),
    (Product::BitbucketDc, &BitbucketDc),
    (Product::Crowd, &Crowd),
    (Product::JiraCloud, &JiraCloud),
    (Product::ConfluenceCloud, &ConfluenceCloud),
    (Product::AtlassianOrg, &AtlassianOrg),
];

/// The products that have a site.
pub fn products() -> impl Iterator<Item = Product> {
    SITES.iter().map(|(product, _)| *product)
}

/// The API of a product.
pub(super) fn of(product: Product) -> &'static dyn Api {
    let (_, api) = SITES.iter().find(|(site, _)| *site == product).expect("a product of the sandbox");
    *api
}

/// Finds the site that a path belongs to, and the rest of the path.
pub(super) fn find(path: &str) -> Option<(Product, &str)> {
    SITES.iter().find_map(|(product, api)| {
        let rest = path.strip_prefix(api.prefix())?;
        rest.starts_with('/').then_some((*product, rest))
    })
}

/// What a route does; an `Err` is a refusal, so that `?` can be used on the way.
type Work = fn(&mut Call<'_>) -> Result<Answer, Answer>;

/// One method of one path.
pub(super) struct Route {
    pub method: Method,
    /// Below the site's base URL; a segment in braces stands for any one.
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
    /// What stands for the segments in braces, decoded, in their order; none where `path` is another one.
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
    /// What stands for the segments in braces of the route's path.
    pub segments: Vec<String>,
    /// Whose API was called.
    pub product: Product,
    /// The API itself.
    pub api: &'static dyn Api,
    pub query: Query,
    pub body: &'a [u8],
    /// The site's base URL, without a slash at the end.
    pub base: &'a str,
}

impl Call<'_> {
    /// Reads the JSON body; 400 where it is none.
    ///
    /// # Errors
    /// An answer with status 400 if the body is no JSON of this form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        serde_json::from_slice(self.body)
            .map_err(|_| self.api.refused(400, "Der Text der Anfrage ist kein lesbares JSON."))
    }

    /// The segment of the path at `place` among those in braces.
    pub fn segment(&self, place: usize) -> &str {
        self.segments.get(place).map_or("", String::as_str)
    }
}

/// The query string, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter, unless empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Replaces a number.
    pub fn set(&mut self, name: &str, value: usize) {
        self.0.iter_mut().filter(|(key, _)| key == name).for_each(|(_, old)| *old = value.to_string());
    }

    /// All of it, in order.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is given as `true`; `default` where it is not given.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value == "true")
    }

    /// Whether a comma-separated parameter names `item`.
    pub fn lists(&self, name: &str, item: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|part| part.trim() == item)
    }

    /// A number; `default` where it is not given, 400 where it is none.
    ///
    /// # Errors
    /// An answer with status 400 if the parameter is no number.
    pub fn number(&self, name: &str, default: usize) -> Result<usize, Answer> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| jira::refused(400, "Der Parameter muss eine Zahl sein.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_site_whose_prefix_it_has() {
        assert_eq!(find("/jira-dc/rest/api/2/myself"), Some((Product::JiraDc, "/rest/api/2/myself")));
        assert_eq!(find("/jira-cloud/rest"), Some((Product::JiraCloud, "/rest")));
        assert_eq!(find("/jira-dcx/rest"), None);
        assert_eq!(find("/jira-dc"), None);
    }

    #[test]
    fn a_query_is_decoded_and_may_repeat() {
        let query = Query::parse("groupId=a&groupId=b%3A1&expand=groups,%20applicationRoles&startAt=x&empty=");
        assert_eq!(query.all("groupId").collect::<Vec<_>>(), ["a", "b:1"]);
        assert!(query.lists("expand", "applicationRoles") && !query.lists("expand", "group"));
        assert_eq!((query.get("empty"), query.number("none", 7).ok()), (None, Some(7)));
        assert_eq!(query.number("startAt", 0).expect_err("a refusal").status, 400);
    }
}
