//! Files that are as their makers meant them.

use encoding_rs::WINDOWS_1252;

use super::*;

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn each_encoding_that_a_file_can_tell_is_read() {
    let text = "name\nJosé\nМария\n😀\n";
    let wanted = lines(&[(2, "name José"), (3, "name Мария"), (4, "name 😀")]);
    assert_eq!(users(text), wanted);
    assert_eq!(users(format!("\u{feff}{text}")), wanted);
    assert_eq!(users(utf16(text, u16::to_le_bytes)), wanted);
    assert_eq!(users(utf16(text, u16::to_be_bytes)), wanted);
}

#[test]
fn windows_1252_is_read_once_somebody_said_so() {
    let bytes = WINDOWS_1252.encode("name\r\njdoe\r\nJosé Müller\r\nZoë\r\n").0;
    let UnreadableList::NotUtf8 { line, as_windows_1252 } = refused(&bytes) else { panic!("not UTF-8") };
    assert_eq!((line, as_windows_1252), (3, vec!["José Müller".to_owned(), "Zoë".to_owned()]));
    let list = UserList::read(&bytes, Some(Encoding::Windows1252)).expect("a list");
    assert_eq!(list.rows[1], ListedRow { line: 3, who: ListedAs::Name("José Müller".into()) });
    let utf8 = UserList::read("name\nJosé\n".as_bytes(), Some(Encoding::Windows1252)).expect("a list");
    assert_eq!(utf8.rows[0].who.as_str(), "José", "a file that is UTF-8 is nothing else");
}

#[test]
fn each_separator_is_found_in_the_first_line() {
    for separator in [",", ";", "\t", "|"] {
        let text = ["id", "e-mail", "Full, name; of"].join(separator) + "\n";
        let text =
            [text.replace("Full, name; of", "\"Full, name; of\""), ["7", "a@b.example", "x"].join(separator)].concat();
        assert_eq!(users(text), lines(&[(2, "id 7")]), "{separator}");
    }
    assert_eq!(users("sep=;\r\nname;note\r\na,b;c\r\n"), lines(&[(3, "name a,b")]));
    assert_eq!(users("\"sep=|\"\nname|x\na|b"), lines(&[(3, "name a")]));
    assert_eq!(users("email\na@b.example\n"), lines(&[(2, "email a@b.example")]), "a single column needs none");
}

#[test]
fn columns_have_the_names_that_products_and_people_give_them() {
    for (column, wanted) in [
        ("ID", "id x@y.example"),
        ("User Key", "id x@y.example"),
        ("account_id", "id x@y.example"),
        ("User id", "id x@y.example"),
        ("Atlassian-ID", "id x@y.example"),
        ("Username", "name x@y.example"),
        ("User name", "name x@y.example"),
        (" E-Mail ", "email x@y.example"),
        ("Email Address", "email x@y.example"),
    ] {
        assert_eq!(users(format!("{column},other\nx@y.example,z")), lines(&[(2, wanted)]), "{column}");
    }
}

#[test]
fn the_first_of_id_name_and_email_that_is_not_empty_counts() {
    let text = "email,note,username,id\na@b.example,n,ann,1\nc@d.example,n,cleo,\ne@f.example,n, ,\n,n,,\n";
    let (rows, problems) = read(text);
    assert_eq!(rows, lines(&[(2, "id 1"), (3, "name cleo"), (4, "email e@f.example")]));
    assert_eq!(problems, [(5, LineFault::NamesNobody)]);
    assert_eq!(UserList::read(text.as_bytes(), None).expect("a list").ignored_columns, ["note"]);
}

#[test]
fn what_usher_wrote_is_read_back() {
    for name in ["=1+1", "@bob", "-x", "＝y", "'quoted'", "it's", "a|b", "Zoë \"Z\" Ü; x, y"] {
        let cell = crate::spreadsheet::cell(name).replace('"', "\"\"");
        let text = format!("\u{feff}source,id,name\r\nacme,,\"{cell}\"\r\n");
        assert_eq!(users(text), vec![(2, format!("name {name}"))]);
    }
}

#[test]
fn lines_are_those_that_an_editor_shows() {
    let text = "\r\n\r\nname,note\r\nann,\"two\r\nlines\"\r\n\r\n\r\nbob,x\r\n,\r\n  ,  \r\ncleo\r\n";
    assert_eq!(users(text), lines(&[(4, "name ann"), (8, "name bob"), (11, "name cleo")]));
    assert_eq!(users("name\rann\rbob"), lines(&[(2, "name ann"), (3, "name bob")]));
    assert_eq!(users("name\n\u{a0}ann\u{200b}\u{feff}\n"), lines(&[(2, "name ann")]), "blanks that no one sees");
}
