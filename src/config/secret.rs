//! Secrets, by the places where they are kept. No message here quotes the read text, because it may be the secret
//! itself.

use std::path::Path;

use super::{
    reader::{
        Reader,
        node::{Content, Entry, Node},
        problem::Place,
        text::read_at_most,
    },
    shape::{Part, key::Key, object::Object, texts::Text},
};
use crate::secret::{KeptIn, Secret};

static ENV: Key<Text> = Key::new(
    "env",
    "The name of the environment variable that holds the secret.",
    Text::ANY.matching("^[A-Za-z0-9_]+$").like(&["ACME_TOKEN"]),
);
static FILE: Key<Text> = Key::new(
    "file",
    "The path of a file that holds the secret and nothing else, relative to the configuration. At most 64 KiB.",
    Text::ANY.like(&["/run/secrets/acme-token"]),
);
static VALUE: Key<Text> = Key::new("value", "The secret itself: to try things out. usher warns of it.", Text::ANY);

/// A secret.
pub(super) static SECRET: Object =
    Object::new("Secret", "Where a secret is kept.", || vec![&ENV, &FILE, &VALUE]).one_key();

/// Any secret.
pub(super) const ANY_SECRET: Part<Secret> = Part { read: secret, described: &SECRET };

/// A secret that goes into an HTTP header.
pub(super) const HEADER_SECRET: Part<Secret> = Part { read: header_secret, described: &SECRET };

const FORMS: &str = "write `{ env: NAME }`, `{ file: PATH }` or, to try things out, `{ value: \"...\" }`";
const MAX_BYTES: u64 = 64 * 1024;
/// The key of a secret that usher keeps for a source that was made while it runs: no key of the configuration file.
const SEALED: &str = "sealed";

/// Reads a secret from where `node` says it is.
pub(super) fn secret(node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let Content::Map(entries) = &node.content else {
        return reader.refuse(&node.at, format!("a secret does not stand here itself; {FORMS}"));
    };
    let [Entry { name, at, node: kept }] = entries.as_slice() else {
        return reader.refuse(&node.at, format!("a secret is kept in exactly one place; {FORMS}"));
    };
    let value = match name.as_str() {
        key if key == ENV.name => from_env(kept, reader)?,
        key if key == FILE.name => from_file(kept, reader)?,
        key if key == VALUE.name => {
            let value = reader.text(kept)?.to_owned();
            reader.warn(
                at,
                "a secret stands in the configuration; keep it elsewhere: `{ env: NAME }` or `{ file: PATH }`",
            );
            value
        }
        SEALED if reader.from_afar => return sealed(kept, reader),
        _ => return reader.refuse(at, format!("a secret can't be read from this; {FORMS}")),
    };
    if value.trim().is_empty() {
        return reader.refuse(&kept.at, "the secret is empty; put its value where this says it is");
    }
    let secret = Secret::new(value);
    // The name that people know it by. What stands in the configuration itself has none.
    Some(match &kept.content {
        Content::Scalar { text, .. } if name == ENV.name => secret.kept_in(KeptIn::Env(text.as_str().into())),
        Content::Scalar { text, .. } if name == FILE.name => secret.kept_in(KeptIn::File(text.as_str().into())),
        _ => secret,
    })
}

/// A secret for an HTTP header, in which only visible characters are allowed.
pub(super) fn header_secret(node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let secret = secret(node, reader)?;
    if !secret.reveal().chars().all(|c| c.is_ascii_graphic()) {
        return reader
            .refuse(&node.at, "the token holds blanks, line breaks or other than ASCII; keep the bare token there");
    }
    Some(secret)
}

/// The secret that usher keeps under this name for the source that is read.
fn sealed(kept: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let name = reader.text(kept)?;
    match reader.sealed.get(name) {
        Some(secret) => Some(secret.clone().kept_in(KeptIn::Sealed(name.into()))),
        None => reader.refuse(
            &kept.at,
            "usher keeps no secret under this name for this source; write the secret itself: `{ value: \"...\" }`",
        ),
    }
}

fn from_env(kept: &Node, reader: &mut Reader<'_>) -> Option<String> {
    if reader.from_afar {
        return reader
            .refuse(&kept.at, "the API reads no variables of usher's; write the secret itself: `{ value: \"...\" }`");
    }
    let name = reader.text(kept)?;
    let plausible = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    if !plausible {
        return reader
            .refuse(&kept.at, "this is not a variable's name; write the name, not the secret: `{ env: NAME }`");
    }
    match reader.env.get(name) {
        Some(value) => Some(value.clone()),
        None => {
            reader.refuse(&kept.at, format!("the environment variable `{name}` is not set; set it where usher runs"))
        }
    }
}

fn from_file(kept: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let path = reader.filled(kept)?;
    let path = reader.file(kept, path)?;
    match read_secret(&path) {
        Ok(value) => Some(value),
        Err(why) => unreadable(&kept.at, &path, &why, reader),
    }
}

fn unreadable(at: &Place, path: &Path, why: &str, reader: &mut Reader<'_>) -> Option<String> {
    let message = format!("the secret can't be read from `{}`: {why}; name a file that usher may read", path.display());
    reader.refuse(at, message)
}

/// The file's text without the line break that editors put at its end.
fn read_secret(path: &Path) -> Result<String, String> {
    let bytes = read_at_most(path, MAX_BYTES).map_err(|error| crate::words::system(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("longer than 64 KiB".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
