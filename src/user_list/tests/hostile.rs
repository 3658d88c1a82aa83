//! Files that are not CSV, damaged, cut, or made to be misread.

use proptest::prelude::*;

use super::*;

#[test]
fn a_file_that_is_no_csv_is_refused_with_the_remedy() {
    let says = |bytes: &[u8]| refused(bytes).to_string();
    assert!(says(b"PK\x03\x04\x14\0").contains("CSV UTF-8"));
    assert!(says(b"\xd0\xcf\x11\xe0\xa1\xb1").contains("workbook"));
    assert!(says(b"n\0a\0m\0e\0\n\0").contains("byte order mark"));
    assert!(says(b"\xff\xfen\0a\0m").contains("damaged"));
    for empty in ["", "\n\n", "  \r\n", "\u{feff}", "sep=;", "sep=;\n\n"] {
        assert_eq!(refused(empty), UnreadableList::Empty, "{empty:?}");
    }
    let page = says(b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n");
    assert_eq!(
        page,
        "no column is called `id`, `name` or `email`; the first line must name the columns; there are `<!DOCTYPE html>`"
    );
    assert!(says(b"a@b.example\nc@d.example\n").contains("there are `a@b.example`"), "a list without a first line");
}

#[test]
fn two_columns_of_one_meaning_are_refused() {
    let refusal = refused("User name,Login name,id\na,b,c");
    assert_eq!(
        refusal.to_string(),
        "the columns `User name` and `Login name` both say the name of a user; leave out one"
    );
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_nobody() {
    assert_eq!(refused("name\nann\n\"bob\ncleo\ndan\n"), UnreadableList::OpenQuote { line: 3 });
    assert_eq!(refused("\"name\nann\nbob\n"), UnreadableList::OpenQuote { line: 1 });
    assert_eq!(users("name,note\nann,5\" screen\nbob,x\n"), lines(&[(2, "name ann"), (3, "name bob")]));
    // Closed by one that was to open another cell: the lines between would be one cell.
    let (rows, problems) = read("name,note\n\"ann,x\nbob,y\n\"cleo\",z\ndan,w\n");
    assert_eq!(rows, lines(&[(5, "name dan")]));
    assert_eq!(problems, [(2, LineFault::ControlCharacter)]);
}

#[test]
fn a_broken_line_is_named_and_the_others_count() {
    let long = "x".repeat(256);
    let text = format!("id,email\n1,\n5.57058E+17,\n2,a,b\n{long},\n,nobody\n\"3\t4\",\n6,,,\n");
    let (rows, problems) = read(text);
    assert_eq!(rows, lines(&[(2, "id 1"), (8, "id 6")]));
    let wanted = [
        (3, LineFault::Rounded),
        (4, LineFault::TooManyCells),
        (5, LineFault::TooLong),
        (6, LineFault::NoEmail),
        (7, LineFault::ControlCharacter),
    ];
    assert_eq!(problems, wanted);
}

#[test]
fn ids_that_look_a_little_like_rounded_numbers_count() {
    for id in ["5E3", "12e4", "5b10ac8d82e05b22cc7d4ef5", "E+1", "a1E+2", "557058:295406f3-a1fc", "1E+x"] {
        assert_eq!(users(format!("id\n{id}\n")), vec![(2, format!("id {id}"))]);
    }
}

#[test]
fn more_than_it_may_hold_is_refused() {
    let rows = |count: usize| ["id\n", &"7\n".repeat(count)].concat();
    assert_eq!(users(rows(MAX_ROWS)).len(), MAX_ROWS);
    assert_eq!(refused(rows(MAX_ROWS + 1)), UnreadableList::TooManyRows);
    let line = "x".repeat(MAX_BYTES);
    assert_eq!(refused(format!("id\n{line}")), UnreadableList::TooLong);
}

#[test]
fn no_error_shows_who_is_meant() {
    let list = UserList::read(b"email\na@b.example\nnobody\n", None).expect("a list");
    let shown = format!("{list:?}");
    assert!(!shown.contains("a@b") && !shown.contains("nobody"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), confirmed: bool) {
        let _ = UserList::read(&bytes, confirmed.then_some(Encoding::Windows1252));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\"\r\n,;|\tid=a' \u{feff}é-]{0,60}") {
        let _ = UserList::read(format!("id,name\n{text}").as_bytes(), None);
        let _ = UserList::read(text.as_bytes(), None);
    }

    #[test]
    fn each_user_of_a_well_written_file_is_read(
        names in proptest::collection::vec("[a-z][a-z0-9 .,;|\"'=é@-]{0,20}[a-z]", 0..30),
        separator in proptest::sample::select(&b",;\t|"[..]),
        notes in "[a-z\n\",;]{0,10}",
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
        writer.write_record(["note", "name"]).expect("written");
        for name in &names {
            writer.write_record([notes.as_str(), crate::spreadsheet::cell(name).as_str()]).expect("written");
        }
        let list = UserList::read(&writer.into_inner().expect("bytes"), None).expect("a list");
        let read: Vec<_> = list.rows.iter().map(|row| row.who.as_str().to_owned()).collect();
        prop_assert_eq!(read, names);
        prop_assert_eq!(list.problems, []);
    }
}
