//! The users as CSV (RFC 4180), for spreadsheets: UTF-8 with a byte order mark, CRLF, a line a user. The columns are
//! fixed; new ones come at the end.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{query, sources};
use crate::{
    admin::{
        AdminState,
        api::{
            Problem,
            csv::Csv,
            request::stream::{LongAnswer, turn},
        },
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    domain::{EmailAddress, Pick, SourceId, Timestamp},
    roster::UserStatus,
    users::{UserFilter, UserRow, Users},
};

/// The number of exports that are made at once.
static MAKING: Semaphore = Semaphore::const_new(2);
/// The bytes that are sent together.
const CHUNK: usize = 64 * 1024;
/// The users of a pick that are read together.
const PART: usize = 500;
const COLUMNS: [&str; 16] = [
    "source",
    "id",
    "name",
    "display_name",
    "email",
    "domain",
    "status",
    "directory",
    "created",
    "last_login",
    "last_login_as_of",
    "logins",
    "protected",
    "as_of",
    "roster_as_of",
    "roster_whole",
];

/// The users of all sources, or of one, as CSV: in the order of sources and ids. A cell that a spreadsheet would take for
/// a formula gets an apostrophe before it, unless `raw=true`.
#[utoipa::path(
    get, path = "/users.csv", tag = "users", params(query::Export),
    responses(
        (status = 200, content_type = "text/csv", body = String),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "`console.roster` is `off`."),
        (status = 503, description = "It can't be recorded now, or two are being made."),
    )
)]
pub(in crate::admin::api) async fn export(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Export>,
) -> Result<HttpResponse, Problem> {
    let raw = query.raw;
    let (source, filter) = query.split()?;
    users_csv(&state, &caller, source.as_ref(), filter, raw).await
}

/// The users of `source`, or of all sources that `caller` sees, who match `filter`, as CSV. It is recorded.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::Conflict`] if users are not kept;
/// [`Problem::Unavailable`] if it can't be recorded, or two exports are being made already.
pub(crate) async fn users_csv(
    state: &AdminState,
    caller: &Principal,
    source: Option<&SourceId>,
    filter: UserFilter,
    raw: bool,
) -> Result<HttpResponse, Problem> {
    let sources = sources(state, caller, source)?;
    let making = turn_for_export()?;
    let entry = Entry::new(Act::Export, Object::Other("list", "users".into()));
    let entry = source.into_iter().fold(entry, Entry::about);
    state.record(caller, entry).await?;
    Ok(answer(state, making, move |users, out| write(users, &sources, &filter, raw, out)))
}

/// A place among the exports of users.
///
/// # Errors
/// [`Problem::Unavailable`] if two are being made already.
pub(in crate::admin::api) fn turn_for_export() -> Result<SemaphorePermit<'static>, Problem> {
    turn(&MAKING, "two exports are being made")
}

/// The answer with the lines that `write` writes.
pub(in crate::admin::api) fn answer(
    state: &AdminState,
    making: SemaphorePermit<'static>,
    write: impl FnOnce(&Users, &mut dyn Write) -> io::Result<()> + Send + 'static,
) -> HttpResponse {
    let users = state.users.clone();
    let answer = LongAnswer { what: "an export of users", content_type: "text/csv", name: "users.csv", chunk: CHUNK };
    answer.written(&state.runtime(), making, move |out| write(&users, out))
}

/// Writes the lines of the users of `pick`, in its order.
///
/// # Errors
/// Those of `out`, and of reading the roster.
pub(in crate::admin::api) fn write_picked(
    users: &Users,
    pick: &Pick,
    raw: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut csv = Csv::begin(out, &COLUMNS)?;
    let standing = users.standing(&pick.source).map_err(io::Error::other)?;
    let (as_of, whole) = (time(standing.as_of), truth(standing.whole));
    for part in pick.users.chunks(PART) {
        let rows = users.picked(&pick.source, part).map_err(io::Error::other)?;
        rows.into_iter().try_for_each(|row| line(&mut csv, row, raw, &as_of, &whole))?;
    }
    csv.end()
}

/// Writes all lines. Nothing more is read once nobody takes them.
fn write(users: &Users, sources: &[SourceId], filter: &UserFilter, raw: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = Csv::begin(out, &COLUMNS)?;
    for source in sources {
        let standing = users.standing(source).map_err(io::Error::other)?;
        let (as_of, whole) = (time(standing.as_of), truth(standing.whole));
        let mut written = Ok(());
        let each = users.each(source, filter, |rows| {
            written = rows.into_iter().try_for_each(|row| line(&mut csv, row, raw, &as_of, &whole));
            written.is_ok()
        });
        each.map_err(io::Error::other)?;
        written?;
    }
    csv.end()
}

fn line(csv: &mut Csv<impl Write>, row: UserRow, raw: bool, roster_as_of: &str, whole: &str) -> io::Result<()> {
    let cells = cells(row, roster_as_of, whole).map(Cow::Owned);
    if raw { csv.line_as_it_is(cells) } else { csv.line(cells) }
}

/// The cells of a user. What is not known is empty, and a login that never was is `never`.
fn cells(row: UserRow, roster_as_of: &str, whole: &str) -> [String; COLUMNS.len()] {
    let email = row.email.as_deref().and_then(EmailAddress::parse);
    let domain = email.as_ref().and_then(EmailAddress::domain).map(|domain| domain.as_str().to_owned());
    let last_login = match row.never_logged_in {
        Some(true) => "never".to_owned(),
        Some(false) | None => time(row.last_login),
    };
    [
        row.source.to_string(),
        row.id.to_string(),
        row.name.unwrap_or_default(),
        row.display_name.unwrap_or_default(),
        row.email.unwrap_or_default(),
        domain.unwrap_or_default(),
        row.status.map(UserStatus::as_str).unwrap_or_default().to_owned(),
        row.directory.unwrap_or_default(),
        time(row.created),
        last_login,
        time(row.last_login_as_of),
        row.logins.map(|logins| logins.to_string()).unwrap_or_default(),
        truth(Some(row.protected)),
        time(row.as_of),
        roster_as_of.to_owned(),
        whole.to_owned(),
    ]
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn truth(is_so: Option<bool>) -> String {
    is_so.map(|is_so| is_so.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    fn row(display_name: &str) -> UserRow {
        UserRow {
            source: "acme".parse().expect("an id"),
            id: UserId::new("5b10:a1"),
            name: None,
            display_name: Some(display_name.to_owned()),
            email: Some("Jane@ACME.example".to_owned()),
            status: Some(UserStatus::Suspended),
            directory: None,
            created: None,
            last_login: None,
            last_login_as_of: None,
            logins: Some(0),
            protected: false,
            never_logged_in: Some(true),
            as_of: Some(Timestamp::from_millis(0)),
        }
    }

    fn written(display_name: &str, raw: bool) -> String {
        let mut bytes = Vec::new();
        let mut csv = Csv::begin(&mut bytes, &COLUMNS).expect("begun");
        line(&mut csv, row(display_name), raw, "", "false").expect("a line");
        csv.end().expect("written");
        let text = String::from_utf8(bytes).expect("text");
        text.split_once("\r\n").expect("a heading").1.to_owned()
    }

    #[test]
    fn no_cell_is_a_formula_unless_a_program_asks_for_it_as_it_is() {
        for (name, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-2", "'-2"),
            ("@sum", "'@sum"),
            ("\t=x", "'\t=x"),
            ("＝x", "'＝x"),
            ("a=b", "a=b"),
        ] {
            assert!(written(name, false).contains(&format!(",{cell},")), "{name:?}");
            assert!(written(name, true).contains(&format!(",{name},")), "{name:?}");
        }
        assert!(written("\r\n=x", false).contains(",\"'\r\n=x\","));
    }

    #[test]
    fn a_line_has_all_columns_and_never_is_told_from_not_known() {
        let line = written("Jane, \"J\"", false);
        let wanted = "acme,5b10:a1,,\"Jane, \"\"J\"\"\",Jane@ACME.example,acme.example,suspended,,,never,,0,false,\
            1970-01-01T00:00:00.000Z,,false\r\n";
        assert_eq!(line, wanted);
    }
}
