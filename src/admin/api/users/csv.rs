//! The users as CSV (RFC 4180), for spreadsheets: UTF-8 with a byte order mark, CRLF, a line a user. The columns are
//! fixed; new ones come at the end.

use std::io;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Data, Query},
};
use futures::{Stream, stream};
use tokio::sync::{Semaphore, mpsc};

use super::{query, sources};
use crate::{
    admin::{AdminState, api::Problem},
    domain::{EmailAddress, SourceId, Timestamp},
    roster::UserStatus,
    users::{UserFilter, UserRow, Users},
};

/// The number of exports that are made at once: each takes a thread.
static MAKING: Semaphore = Semaphore::const_new(2);
/// The chunks that wait for a client.
const CHUNKS: usize = 4;
/// By this a spreadsheet knows that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
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
    )
)]
pub(in crate::admin::api) async fn export(
    state: Data<AdminState>,
    Query(query): Query<query::Export>,
) -> Result<HttpResponse, Problem> {
    let raw = query.raw;
    let (source, filter) = query.split()?;
    let sources = sources(&state, source.as_ref())?;
    let making = MAKING
        .try_acquire()
        .map_err(|_| Problem::Unavailable("two exports are being made already; try again when one is done".into()))?;
    let (chunks, receiver) = mpsc::channel(CHUNKS);
    let users = state.users.clone();
    state.runtime().spawn_blocking(move || {
        let _making = making; // also if nobody waits for it any more
        if let Err(error) = write(&users, &sources, &filter, raw, &chunks) {
            tracing::warn!(%error, "an export of users was broken off");
            let _ = chunks.blocking_send(Err(io::ErrorKind::Other.into())); // cuts the answer
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""))
        .streaming(received(receiver)))
}

type Chunk = Result<Bytes, io::Error>;

fn received(receiver: mpsc::Receiver<Chunk>) -> impl Stream<Item = Chunk> {
    stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|chunk| (chunk, receiver)) })
}

/// Why an export was broken off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Users(#[from] crate::users::Error),
    #[error("a line can't be written")]
    Line,
}

/// Sends all lines. Nothing more is read once nobody takes them.
fn write(
    users: &Users,
    sources: &[SourceId],
    filter: &UserFilter,
    raw: bool,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<(), Broken> {
    let mut heading = BYTE_ORDER_MARK.to_vec();
    heading.extend(lines([COLUMNS.map(str::to_owned)].into_iter())?);
    let send = |bytes: Vec<u8>| chunks.blocking_send(Ok(Bytes::from(bytes))).is_ok();
    if !send(heading) {
        return Ok(());
    }
    for source in sources {
        let standing = users.standing(source)?;
        let (as_of, whole) = (time(standing.as_of), truth(standing.whole));
        let (mut is_taken, mut failed) = (true, None);
        users.each(source, filter, |rows| {
            let cells = rows.into_iter().map(|row| cells(row, raw, &as_of, &whole));
            match lines(cells) {
                Ok(bytes) => is_taken = bytes.is_empty() || send(bytes),
                Err(error) => failed = Some(error),
            }
            is_taken && failed.is_none()
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if !is_taken {
            return Ok(());
        }
    }
    Ok(())
}

fn lines(rows: impl Iterator<Item = [String; COLUMNS.len()]>) -> Result<Vec<u8>, Broken> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|_| Broken::Line)?;
    }
    writer.into_inner().map_err(|_| Broken::Line)
}

/// The cells of a user. What is not known is empty, and a login that never was is `never`.
fn cells(row: UserRow, raw: bool, roster_as_of: &str, whole: &str) -> [String; COLUMNS.len()] {
    let email = row.email.as_deref().and_then(EmailAddress::parse);
    let domain = email.as_ref().and_then(EmailAddress::domain).map(|domain| domain.as_str().to_owned());
    let last_login = match row.never_logged_in {
        Some(true) => "never".to_owned(),
        Some(false) | None => time(row.last_login),
    };
    let text = |text: Option<String>| {
        let text = text.unwrap_or_default();
        if raw { text } else { guarded(text) }
    };
    [
        row.source.to_string(),
        text(Some(row.id.to_string())),
        text(row.name),
        text(row.display_name),
        text(row.email),
        text(domain),
        row.status.map(UserStatus::as_str).unwrap_or_default().to_owned(),
        text(row.directory),
        time(row.created),
        last_login,
        time(row.last_login_as_of),
        row.logins.map(|logins| logins.to_string()).unwrap_or_default(),
        truth(Some(row.protected)),
        time(Some(row.as_of)),
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

/// Never a formula: a spreadsheet takes a cell that begins like this for one.
fn guarded(text: String) -> String {
    if crate::spreadsheet::is_formula(&text) { format!("'{text}") } else { text }
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
            as_of: Timestamp::from_millis(0),
        }
    }

    fn line(display_name: &str, raw: bool) -> String {
        let cells = cells(row(display_name), raw, "", "false");
        String::from_utf8(lines([cells].into_iter()).expect("a line")).expect("text")
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
            assert!(line(name, false).contains(&format!(",{cell},")), "{name:?}");
            assert!(line(name, true).contains(&format!(",{name},")), "{name:?}");
        }
        assert!(line("\r\n=x", false).contains(",\"'\r\n=x\","));
    }

    #[test]
    fn a_line_has_all_columns_and_never_is_told_from_not_known() {
        let written = line("Jane, \"J\"", false);
        let wanted = "acme,5b10:a1,,\"Jane, \"\"J\"\"\",Jane@ACME.example,acme.example,suspended,,,never,,0,false,\
            1970-01-01T00:00:00.000Z,,false\r\n";
        assert_eq!(written, wanted);
    }
}
