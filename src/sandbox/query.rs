//! The part of a request behind the question mark.

use super::reply::Reply;

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

    /// All parameters in order.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`; `default` if it is missing.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value == "true")
    }

    /// Whether a comma-separated parameter names `item`.
    pub fn lists(&self, name: &str, item: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|part| part.trim() == item)
    }

    /// A number; `default` if it is missing.
    ///
    /// # Errors
    /// An answer with status 400 if the parameter is no number.
    pub fn number(&self, name: &str, default: usize) -> Result<usize, Reply> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Reply::error_messages(400, "Der Parameter muss eine Zahl sein.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_and_may_repeat() {
        let query = Query::parse("groupId=a&groupId=b%3A1&expand=groups,%20applicationRoles&startAt=x&empty=");
        assert_eq!(query.all("groupId").collect::<Vec<_>>(), ["a", "b:1"]);
        assert!(query.lists("expand", "applicationRoles") && !query.lists("expand", "group"));
        assert_eq!((query.get("empty"), query.number("none", 7).ok()), (None, Some(7)));
        assert_eq!(query.number("startAt", 0).expect_err("a refusal").status, 400);
    }
}
