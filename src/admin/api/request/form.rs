//! Forms with a file, as browsers send them.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::{
    error::PayloadError,
    http::header::{CONTENT_TYPE, HeaderMap},
    web::Bytes,
};
use futures::{StreamExt as _, stream};
use tokio::time::timeout;

use crate::admin::api::Problem;

/// The most fields besides the file.
const MAX_FIELDS: usize = 20;
/// The highest length of such a field, in bytes.
const MAX_FIELD: usize = 4 * 1024;
/// The room for them, and for the names of all.
pub(in crate::admin::api) const ROOM: usize = (MAX_FIELDS + 1) * (MAX_FIELD + 1024);
/// The time-out for taking apart a form that is there already.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A form with a file in the field `file`.
#[derive(Debug)]
pub(crate) struct FileForm {
    /// The file.
    pub(crate) file: Bytes,
    /// The names and values of the other fields, in their order.
    pub(crate) fields: Vec<(String, String)>,
}

/// Whether the body is such a form.
pub(in crate::admin::api) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

impl FileForm {
    /// The form in `body`, with a file of up to `most` bytes.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] if the file is too long; [`Problem::BadRequest`] if the body is no such form, or has no file,
    /// several, or too many other fields.
    pub(crate) async fn read(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Self, Problem> {
        let read =
            timeout(TIMEOUT, Self::of(Multipart::new(headers, stream::iter([Ok::<_, PayloadError>(body)])), most));
        read.await.unwrap_or_else(|_| Err(unreadable(&"it takes too long")))
    }

    async fn of(mut form: Multipart, most: usize) -> Result<Self, Problem> {
        let (mut file, mut fields) = (None, Vec::new());
        while let Some(field) = form.next().await {
            let mut field = field.map_err(|error| unreadable(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                let too_large = || Problem::TooLarge(most);
                if file.replace(content(&mut field, most, too_large).await?).is_some() {
                    return Err(unreadable(&"there are several files; send one"));
                }
                continue;
            }
            let too_long = || unreadable(&"a field is too long");
            let value = String::from_utf8(content(&mut field, MAX_FIELD, too_long).await?.into());
            fields.push((name, value.map_err(|_| unreadable(&"a field is not UTF-8"))?));
            if fields.len() > MAX_FIELDS {
                return Err(unreadable(&"there are too many fields"));
            }
        }
        let file = file.ok_or_else(|| unreadable(&"there is no field `file`"))?;
        Ok(Self { file, fields })
    }
}

async fn content(field: &mut Field, most: usize, too_long: impl FnOnce() -> Problem) -> Result<Bytes, Problem> {
    match field.bytes(most).await {
        Ok(read) => read.map_err(|error| unreadable(&error)),
        Err(_longer) => Err(too_long()),
    }
}

fn unreadable(why: &dyn std::fmt::Display) -> Problem {
    Problem::BadRequest(format!(
        "the form can't be read: {why}; send the file in the field `file`, or as the body itself"
    ))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// A form with these fields, as a browser sends it.
    fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
        let part = |(name, value): &(&str, &[u8])| {
            let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.csv\"\r\n\r\n");
            [head.as_bytes(), value, b"\r\n"].concat()
        };
        let parts: Vec<_> = fields.iter().map(part).collect();
        [parts.concat(), b"--x--\r\n".to_vec()].concat()
    }

    async fn read(body: Vec<u8>) -> Result<FileForm, Problem> {
        let request = TestRequest::default().insert_header(("Content-Type", "multipart/form-data; boundary=x"));
        let request = request.to_http_request();
        assert!(is_form(request.headers()));
        FileForm::read(request.headers(), body.into(), 1_000_000).await
    }

    #[actix_web::test]
    async fn a_file_comes_out_of_a_form_as_its_bytes_are() {
        let file: Vec<u8> =
            (0..1_000_000_u32).map(|number| number.to_le_bytes()[usize::from(number % 3 == 0)]).collect();
        let read = read(form(&[("token", b"t"), ("file", &file), ("name", "é".as_bytes())])).await.expect("a form");
        assert_eq!(*read.file, *file);
        assert_eq!(read.fields, [("token".to_owned(), "t".to_owned()), ("name".to_owned(), "é".to_owned())]);
    }

    #[actix_web::test]
    async fn what_is_no_such_form_is_refused() {
        let many: Vec<_> = (0..30).map(|_| ("a", &b"b"[..])).collect();
        let whole = form(&[("file", b"id\nx\n")]);
        for (body, says) in [
            (b"id\nx\n".to_vec(), ""),
            (whole[..whole.len() - 12].to_vec(), ""),
            (form(&[]), ""),
            (form(&[("other", b"x")]), "no field `file`"),
            (form(&[("file", b"x"), ("file", b"y")]), "several files"),
            (form(&[("a", b"\xff"), ("file", b"y")]), "not UTF-8"),
            (form(&[("a", &[b'x'; MAX_FIELD + 1])]), "too long"),
            (form(&many), "too many"),
        ] {
            let refused = read(body).await.expect_err(says);
            assert!(matches!(&refused, Problem::BadRequest(text) if text.contains(says)), "{refused:?}");
        }
        let long = read(form(&[("file", &vec![b'x'; 1_000_001])])).await;
        assert!(matches!(long, Err(Problem::TooLarge(1_000_000))), "{long:?}");
    }
}
