//! Headers of requests: the actor, and the expected state.

use actix_web::{HttpRequest, http::header};

use crate::{
    admin::{api::Problem, identity::Principal},
    domain::{Actor, RequestKey},
    settings::IfMatch,
};

/// The actor, by their own statement.
const ACTOR: &str = "X-Usher-Actor";
/// The key of a request that may be sent again.
const KEY: &str = "Idempotency-Key";

/// The longest key of a request, in characters.
const MAX_KEY: usize = 200;

/// The person for whom whoever asks says that they act.
///
/// # Errors
/// [`Problem::BadRequest`] if the header has no name that usher takes.
pub(in crate::admin) fn actor(request: &HttpRequest) -> Result<Option<Actor>, Problem> {
    let Some(value) = request.headers().get(ACTOR) else { return Ok(None) };
    let named = std::str::from_utf8(value.as_bytes()).ok().and_then(|text| text.parse().ok());
    named
        .map(Some)
        .ok_or_else(|| Problem::BadRequest(format!("`{ACTOR}` names nobody; write 1 to 100 printable characters")))
}

/// The key with which a request may be sent again, and what is asked with it: `parts`.
///
/// # Errors
/// [`Problem::BadRequest`] if the header has no key that usher takes, or there are several.
pub(in crate::admin::api) fn request_key(
    request: &HttpRequest,
    caller: &Principal,
    parts: &[&[u8]],
) -> Result<Option<RequestKey>, Problem> {
    let mut keys = request.headers().get_all(KEY);
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|text| (1..=MAX_KEY).contains(&text.len()) && keys.next().is_none());
    let text =
        text.ok_or_else(|| Problem::BadRequest(format!("`{KEY}` is not usable; write one, of 1 to 200 characters")))?;
    Ok(Some(RequestKey::new(&caller.name, text, parts)))
}

/// The state that the caller has read: the tags of `If-Match`, without their quotes (RFC 9110, 13.1.1). A weak tag
/// matches nothing.
///
/// # Errors
/// [`Problem::IfMatchRequired`] if there is no `If-Match`; [`Problem::BadRequest`] if it is no list of tags.
pub(in crate::admin::api) fn if_match(request: &HttpRequest) -> Result<IfMatch, Problem> {
    let values: Vec<_> = request.headers().get_all(header::IF_MATCH).collect();
    if values.is_empty() {
        return Err(Problem::IfMatchRequired);
    }
    let mut tags = Vec::new();
    for value in values {
        let text = value.to_str().map_err(|_| no_tag())?.trim();
        if text == "*" {
            return Ok(IfMatch::Any);
        }
        tags.extend(tags_of(text).ok_or_else(no_tag)?);
    }
    let strong = tags.into_iter().filter(|(is_weak, _)| !is_weak);
    Ok(IfMatch::Tags(strong.map(|(_, tag)| tag.to_owned()).collect()))
}

/// Like [`if_match`], where a change may also be made without having read what is there.
///
/// # Errors
/// [`Problem::BadRequest`] if there is an `If-Match` that is no list of tags.
pub(in crate::admin::api) fn if_match_or_any(request: &HttpRequest) -> Result<IfMatch, Problem> {
    match if_match(request) {
        Err(Problem::IfMatchRequired) => Ok(IfMatch::Any),
        read => read,
    }
}

/// The tags of a list (RFC 9110, sections 5.6.1 and 8.8.3), and whether they are weak; none if it is not one. A tag may
/// hold commas.
fn tags_of(list: &str) -> Option<Vec<(bool, &str)>> {
    let between = [' ', '\t', ','];
    let (mut tags, mut rest) = (Vec::new(), list.trim_start_matches(between));
    while !rest.is_empty() {
        let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push((is_weak, tag));
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches(between);
    }
    (!tags.is_empty()).then_some(tags)
}

fn no_tag() -> Problem {
    Problem::BadRequest("`If-Match` is no list of tags; write the `ETag` as it was, with its quotes, or `*`".into())
}

/// `tag` as the value of `ETag`.
pub(in crate::admin::api) fn etag(tag: &str) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{tag}\""))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::domain::{Channel, Role, SourceScope};

    fn tags(value: &str) -> Result<IfMatch, Problem> {
        if_match(&TestRequest::default().insert_header(("If-Match", value)).to_http_request())
    }

    #[test]
    fn if_match_is_a_list_of_tags_or_a_star() {
        let some = |tags: &[&str]| IfMatch::Tags(tags.iter().map(|&tag| tag.to_owned()).collect());
        assert_eq!(tags(r#""1-a""#).expect("a tag"), some(&["1-a"]));
        assert_eq!(tags(r#""1-a", "2-b""#).expect("tags"), some(&["1-a", "2-b"]));
        assert_eq!(tags(r#"W/"1-a""#).expect("a tag that matches nothing"), some(&[]));
        assert_eq!(tags("*").expect("a star"), IfMatch::Any);
        assert_eq!(tags(r#"W/"", "a,b" ,W/"c","","d""#).expect("tags with commas"), some(&["a,b", "", "d"]));
        for bad in ["", ",", "1-a", r#""1-a"#, r#"1-a""#, r#""a" "b""#, r#""a""b""#, r#"W/a"#, r#"*, "a""#] {
            assert!(matches!(tags(bad), Err(Problem::BadRequest(_))), "{bad}");
        }
        let without = TestRequest::default().to_http_request();
        assert!(matches!(if_match(&without), Err(Problem::IfMatchRequired)));
    }

    #[test]
    fn whoever_asks_may_say_who_they_are() {
        let of = |value: &[u8]| {
            let value = header::HeaderValue::from_bytes(value).expect("a value");
            let request = TestRequest::default().insert_header((ACTOR, value)).to_http_request();
            actor(&request).map(|who| who.expect("somebody").to_string())
        };
        assert_eq!(of("Ann Ü.".as_bytes()).expect("a name"), "Ann Ü.");
        for bad in [&b""[..], b"  ", &[0xff], &[b'x'; 101]] {
            assert!(matches!(of(bad), Err(Problem::BadRequest(_))), "{bad:?}");
        }
        assert_eq!(actor(&TestRequest::default().to_http_request()).expect("nothing wrong"), None);
    }

    #[test]
    fn a_key_is_one_of_visible_characters() {
        let caller = Principal::new(Actor::default(), Role::Operator, SourceScope::All, Channel::Api);
        let of = |keys: &[&str]| {
            let request = TestRequest::default();
            let request = keys.iter().fold(request, |request, key| request.append_header((KEY, *key)));
            request_key(&request.to_http_request(), &caller, &[b"x"])
        };
        assert_eq!(of(&[]).expect("none"), None);
        assert_eq!(of(&["k"]).expect("one"), Some(RequestKey::new(&caller.name, "k", &[b"x"])));
        for bad in [&["a", "b"][..], &[""], &[&"k".repeat(201)], &["é"]] {
            assert!(matches!(of(bad), Err(Problem::BadRequest(_))), "{bad:?}");
        }
    }
}
