//! The query string hash: binds a Connect token to one method, path and query.
//!
//! Source: developer.atlassian.com/cloud/bitbucket/query-string-hash, and "Understanding JWT for Connect apps".

use std::{collections::BTreeMap, fmt::Write as _};

use sha2::{Digest, Sha256};
use url::form_urlencoded;

/// The hash for a request: 64 hexadecimal digits. `base_path` is the path of the app's base URL, which does not count.
pub(super) fn query_string_hash(method: &str, path: &str, query: &str, base_path: &str) -> String {
    hex::encode(Sha256::digest(canonical_request(method, path, query, base_path)))
}

fn canonical_request(method: &str, path: &str, query: &str, base_path: &str) -> String {
    format!("{}&{}&{}", method.to_ascii_uppercase(), canonical_path(path, base_path), canonical_query(query))
}

/// The path after the base path, with one `/` at the beginning and none at the end.
fn canonical_path(path: &str, base_path: &str) -> String {
    let base = base_path.trim_end_matches('/');
    let below = path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    format!("/{}", below.trim_matches('/')).replace('&', "%26")
}

/// Without `jwt`, sorted by encoded name; the sorted values of a repeated name are joined by commas.
fn canonical_query(query: &str) -> String {
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "jwt") {
        parameters.entry(encoded(&name)).or_default().push(encoded(&value));
    }
    let parameter = |(name, mut values): (String, Vec<String>)| {
        values.sort_unstable();
        format!("{name}={}", values.join(","))
    };
    parameters.into_iter().map(parameter).collect::<Vec<_>>().join("&")
}

/// Percent-encoded as RFC 3986 and OAuth 1 have it: a blank is `%20`, a tilde stays.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            other => write!(encoded, "%{other:02X}").expect("a string takes anything"),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples_come_out_as_published() {
        // developer.atlassian.com/cloud/bitbucket/query-string-hash and "Understanding JWT for Connect apps"
        let cases = [
            (("get", "/", "param=foo"), "GET&/&param=foo"),
            (("POST", "/user", ""), "POST&/user&"),
            (("GET", "/jira/some/path/", "param=value"), "GET&/some/path&param=value"),
            (
                ("GET", "/path/to/service", "zee_last=param&repeated=parameter 1&first=param&repeated=parameter 2"),
                "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
            ),
        ];
        for ((method, path, query), canonical) in cases {
            assert_eq!(canonical_request(method, path, query, "/jira"), canonical);
        }
    }

    #[test]
    fn the_known_hashes_come_out() {
        let hashes = [
            (("GET", "/", ""), "c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239"),
            (("GET", "", ""), "c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239"),
            (("GET", "/path", ""), "799be84a7fa35570087163c0cd9af3abff7ac05c2c12ba0bb1d7eebc984b3ac2"),
            // Of a token that a Jira sent to an app at /addon.
            (
                (
                    "GET",
                    "/addon/",
                    "lic=none&tz=Europe%2FMoscow&cp=%2Fjira&user_key=admin&loc=en-US&user_id=admin&jwt=a.b.c\
                     &xdm_e=http%3A%2F%2Flocalhost%3A2990&xdm_c=channel-servlet-click-me&xdm_p=1",
                ),
                "3a6ff1b66f60eb275d0e4cb6be4261d5d3b0216b91c58dc6524509227ef346de",
            ),
        ];
        for ((method, path, query), hash) in hashes {
            assert_eq!(query_string_hash(method, path, query, "/"), hash, "{method} {path}");
        }
    }

    #[test]
    fn names_and_values_are_sorted_by_code_point_once_encoded() {
        assert_eq!(canonical_query("b=1&a=2&B=3&A=4"), "A=4&B=3&a=2&b=1");
        assert_eq!(canonical_query("a=z&a=%C3%A4&a="), "a=,%C3%A4,z");
        assert_eq!(canonical_query("p=a+b*c~d%2Be&jwt=x&q"), "p=a%20b%2Ac~d%2Be&q=");
    }

    #[test]
    fn only_whole_parts_of_the_path_are_the_base_path() {
        assert_eq!(canonical_path("/usher/webhooks/acme", "/usher/"), "/webhooks/acme");
        assert_eq!(canonical_path("/ushers/acme", "/usher"), "/ushers/acme");
        assert_eq!(canonical_path("/usher", "/usher"), "/");
        assert_eq!(canonical_path("/a&b", "/"), "/a%26b");
    }
}
