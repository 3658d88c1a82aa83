//! Keys of any users: read back as they were written, and never one for two.

use proptest::prelude::*;

use super::super::*;

fn source() -> impl Strategy<Value = SourceId> {
    "[a-z0-9][a-z0-9_-]{0,6}".prop_map(|text| text.parse().expect("an id"))
}

/// Ids and names as products have them, and as none should.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z0-9:|/.-]{0,8}", 1 => "(id|name|source)?/?[a-z]{0,3}", 1 => "\\PC{0,6}", 1 => "[\n\r\t\u{0} /]{0,3}"]
}

fn user() -> impl Strategy<Value = UserRef> {
    prop_oneof![text().prop_map(|id| UserRef::Id(UserId::new(id))), text().prop_map(UserRef::Name)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_key_is_read_back_with_its_source_and_user_whatever_stands_in_them(source in source(), user in user()) {
        let key = UserKey::new(&source, &user);
        prop_assert_eq!((key.source(), key.user()), (source.as_str(), user.clone()));
        let read = UserKey::parse(key.as_str()).expect("usher wrote it");
        prop_assert_eq!((read.source(), read.user()), (source.as_str(), user));
        prop_assert_eq!(read, key);
    }

    #[test]
    fn two_users_never_have_one_key(one in (source(), user()), other in (source(), user())) {
        let key = |(source, user): &(SourceId, UserRef)| UserKey::new(source, user);
        prop_assert_eq!(key(&one) == key(&other), one == other);
        prop_assert!(key(&one).as_str() != UserKey::of_source(&other.0).as_str());
        prop_assert!(key(&one).as_str() != UserKey::of_setting("scheme", other.0.as_str()).as_str());
    }

    #[test]
    fn what_usher_did_not_write_is_no_key_or_one_that_reads_as_itself(text in "\\PC{0,12}") {
        match UserKey::parse(&text) {
            Some(key) => prop_assert_eq!((key.as_str(), UserKey::parse(key.as_str())), (text.as_str(), Some(key.clone()))),
            None => prop_assert!(text.matches('/').count() < 2, "{}", text),
        }
    }
}
