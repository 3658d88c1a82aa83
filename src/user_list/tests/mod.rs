//! Files as spreadsheets, products and people make them.

mod files;
mod hostile;

use super::*;

/// Something for each of some lines.
type ByLine<T> = Vec<(u64, T)>;

/// The users of a list, and its problems.
fn read(bytes: impl AsRef<[u8]>) -> (ByLine<String>, ByLine<LineFault>) {
    let list = UserList::read(bytes.as_ref(), None).expect("a list");
    let rows = list.rows.into_iter().map(|row| (row.line, told(&row.who))).collect();
    (rows, list.problems.into_iter().map(|problem| (problem.line, problem.why)).collect())
}

/// The users of a list without problems.
fn users(bytes: impl AsRef<[u8]>) -> ByLine<String> {
    let (rows, problems) = read(bytes);
    assert_eq!(problems, []);
    rows
}

fn refused(bytes: impl AsRef<[u8]>) -> UnreadableList {
    UserList::read(bytes.as_ref(), None).expect_err("no list")
}

fn told(who: &ListedAs) -> String {
    let kind = match who {
        ListedAs::Id(_) => "id",
        ListedAs::Name(_) => "name",
        ListedAs::Email(_) => "email",
    };
    format!("{kind} {}", who.as_str())
}

fn lines(wanted: &[(u64, &str)]) -> ByLine<String> {
    wanted.iter().map(|(line, who)| (*line, (*who).to_owned())).collect()
}
