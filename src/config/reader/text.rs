//! The configuration file's bytes into text.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use super::problem::{Place, Problem};

/// A longer file is not a configuration, whatever it is.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads at most `limit` bytes and one more, so that the caller can recognise a longer file.
///
/// # Errors
/// The error of the system.
pub(in crate::config) fn read_at_most(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    at_most(&mut File::open(path)?, limit)
}

fn at_most(input: &mut dyn Read, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the file at `path`, called `name` in messages.
///
/// # Errors
/// If the file can't be read, or is too long.
pub(in crate::config) fn read(path: &Path, name: &Arc<str>) -> Result<Vec<u8>, Problem> {
    let whole = Place::File(name.clone());
    if path.is_dir() {
        return Err(Problem::new(&whole, "this is a directory; name the file in it"));
    }
    let mut file = File::open(path).map_err(|error| unreadable(&error, &whole))?;
    read_input(&mut file, name)
}

/// Reads all of `input`, called `name` in messages.
///
/// # Errors
/// If the input can't be read, or is too long.
pub(in crate::config) fn read_input(input: &mut dyn Read, name: &Arc<str>) -> Result<Vec<u8>, Problem> {
    let whole = Place::File(name.clone());
    let bytes = at_most(input, MAX_BYTES).map_err(|error| unreadable(&error, &whole))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Problem::new(&whole, "longer than 16 MiB, so not a configuration; name another file"));
    }
    Ok(bytes)
}

fn unreadable(error: &std::io::Error, whole: &Place) -> Problem {
    let why = crate::words::system(error);
    Problem::new(whole, format!("cannot be read: {why}; name a file that usher may read with --config"))
}

/// The bytes as text without a byte order mark.
///
/// Control characters are refused here because the YAML parser takes a NUL for the end of the file: the text after it
/// would be skipped silently. DEL is allowed, because JSON allows it.
///
/// # Errors
/// If it is no UTF-8, or has a control character; with the place.
pub(in crate::config) fn decode<'b>(bytes: &'b [u8], name: &Arc<str>) -> Result<&'b str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        Problem::new(&end_of(good, name), "this byte is not UTF-8; save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.find(|c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        Some(at) => {
            Err(Problem::new(&end_of(&text[..at], name), "a control character stands here; take it out of the file"))
        }
        None => Ok(text),
    }
}

/// The place right behind `text`, which is the beginning of the file.
fn end_of(text: &str, name: &Arc<str>) -> Place {
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    Place::Character {
        file: name.clone(),
        line: text.matches('\n').count() + 1,
        column: last_line.trim_start_matches('\u{feff}').chars().count() + 1,
    }
}
