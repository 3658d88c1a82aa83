//! Cursors of any content, as another process reads them.

use proptest::prelude::*;

use super::super::*;

fn cursor() -> impl Strategy<Value = Cursor> {
    let place = prop_oneof!["[0-9]{0,4}", "\\PC{0,12}", "[:.,{}\" \n]{0,6}"];
    let last = prop_oneof![Just(None), "[0-9a-f]{16}".prop_map(Some)];
    (prop::sample::select(&Form::ALL[..]), place, any::<u32>(), "[0-9a-f]{0,16}", any::<u64>(), last)
        .prop_map(|(form, place, pages, mark, unreadable, last)| Cursor { form, place, pages, mark, unreadable, last })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_cursor_is_read_as_it_was_written_whatever_the_products_own_place_is(cursor in cursor()) {
        let text = cursor.text();
        prop_assert_eq!(Cursor::read(Some(&text), &Form::ALL), cursor.clone(), "{}", text);
        let others: Vec<Form> = Form::ALL.into_iter().filter(|form| *form != cursor.form).collect();
        prop_assert_eq!(Cursor::read(Some(&text), &others), Cursor::first(others[0]), "of another form it begins anew");
    }

    #[test]
    fn what_is_no_cursor_begins_the_list(text in "(list|search|offset|x)?:?[0-9:.a-f-]{0,12}") {
        let read = Cursor::read(Some(&text), &Form::ALL);
        let again = Cursor::parse(&text);
        prop_assert_eq!(read, again.unwrap_or_else(|| Cursor::first(Form::ALL[0])), "{}", text);
    }

    #[test]
    fn two_pages_have_one_print_only_if_they_name_the_same(
        one in prop::collection::vec("[a-c]{0,3}", 1..5), other in prop::collection::vec("[a-c]{0,3}", 1..5),
    ) {
        let users = |ids: &[String]| ids.iter().map(|id| (UserId::new(id.clone()), UserHints::default())).collect::<Vec<_>>();
        let first = Cursor::first(Form::Stream);
        prop_assert_eq!(first.print(&users(&one)) == first.print(&users(&other)), one == other);
    }
}

#[test]
fn empty_pages_are_told_apart_by_their_places() {
    let at = |place: &str| Cursor { place: place.to_owned(), ..Cursor::first(Form::Stream) };
    assert_ne!(at("1").print(&[]), at("2").print(&[]));
    assert_eq!(at("1").print(&[]), at("1").print(&[]));
}
