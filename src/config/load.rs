//! From a file and the environment to a checked configuration.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use saphyr_parser::Marker;

use super::{
    Config, KeptParts, Source, Sources, WatchedFiles, check, digest,
    reader::named::Named,
    reader::{
        Reader,
        env::{self, Env},
        node::{Content, Node},
        problem::{Place, Problem, ProblemCollector, Problems},
        text, yaml,
    },
    scheme::{scheme, trigger_alone},
    source::source,
};
use crate::domain::{Scheme, Trigger};

/// The file that is read if none is named and this one exists.
const USUAL_FILE: &str = "usher.yaml";

/// A configuration that may be used.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The warnings, in file order, one a line.
    pub warnings: Vec<Problem>,
    /// The file that was read, as it was named; none: the built-in defaults.
    pub file: Option<Arc<str>>,
    /// Tells configurations apart without telling of secrets.
    pub digest: String,
}

/// The result of reading a configuration.
#[derive(Debug)]
pub struct LoadResult {
    /// The configuration, or everything that is wrong with it.
    pub loaded: Result<Loaded, Problems>,
    /// The files it was read from, also if it is wrong.
    pub files: WatchedFiles,
}

/// Reads the configuration at `path`, lays the `USHER_…` variables of `env` over it and checks the whole. Without a
/// path it reads `./usher.yaml` if that exists, else the built-in defaults.
///
/// # Errors
/// Every problem, each with its place.
pub fn load(path: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> Result<Loaded, Problems> {
    read_watched(path, env).loaded
}

/// Like [`load`] of the file at `path`, for a configuration that will be used elsewhere: the files that it names are
/// relative to `folder`.
///
/// # Errors
/// Every problem, each with its place.
pub fn load_for(
    folder: &Path,
    path: &Path,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Problems> {
    let name: Arc<str> = path.to_string_lossy().into();
    let bytes = text::read(path, &name).map_err(Problems::one)?;
    from_watched_bytes(&bytes, Some(name), folder, &env.into_iter().collect(), &mut WatchedFiles::default())
}

/// Like [`load_for`], from standard input, which is `input`.
///
/// # Errors
/// Every problem, each with its place.
pub fn load_input(
    folder: &Path,
    input: &mut dyn std::io::Read,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Problems> {
    let name: Arc<str> = "standard input".into();
    let bytes = text::read_input(input, &name).map_err(Problems::one)?;
    from_watched_bytes(&bytes, Some(name), folder, &env.into_iter().collect(), &mut WatchedFiles::default())
}

/// The file that is read if none is named; none if it does not exist.
pub fn usual_file() -> Option<PathBuf> {
    let usual = PathBuf::from(USUAL_FILE);
    usual.symlink_metadata().is_ok().then_some(usual)
}

/// Like [`load`]; also returns the files that it was read from, so that they can be watched.
pub fn read_watched(path: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> LoadResult {
    let env: Env = env.into_iter().collect();
    let mut files = WatchedFiles::default();
    let loaded = read_from(path, &env, &mut files);
    LoadResult { loaded, files }
}

fn read_from(path: Option<&Path>, env: &Env, files: &mut WatchedFiles) -> Result<Loaded, Problems> {
    files.watch(path.unwrap_or(Path::new(USUAL_FILE)));
    let Some(path) = path.map(Path::to_owned).or_else(usual_file) else {
        return from_watched_bytes(b"", None, Path::new(""), env, files);
    };
    let name: Arc<str> = path.to_string_lossy().into();
    let bytes = text::read(&path, &name).map_err(Problems::one)?;
    from_watched_bytes(&bytes, Some(name), path.parent().unwrap_or(Path::new("")), env, files)
}

/// The configuration that `bytes`, the file called `file`, and `env` make; `base` is what secrets' files are
/// relative to.
///
/// # Errors
/// Every problem, each with its place.
#[cfg(test)]
pub(super) fn from_bytes(bytes: &[u8], file: Option<Arc<str>>, base: &Path, env: &Env) -> Result<Loaded, Problems> {
    from_watched_bytes(bytes, file, base, env, &mut WatchedFiles::default())
}

fn from_watched_bytes(
    bytes: &[u8],
    file: Option<Arc<str>>,
    base: &Path,
    env: &Env,
    files: &mut WatchedFiles,
) -> Result<Loaded, Problems> {
    let name = file.clone().unwrap_or_else(|| "built-in defaults".into());
    let mut reader = Reader::new(env, base);
    let root = text::decode(bytes, &name).map_err(Problems::one)?;
    let locate = |mark: Marker| Place::Character { file: name.clone(), line: mark.line(), column: mark.col() + 1 };
    let config = yaml::parse(root, yaml::MAX_IN_FILE, &locate, &mut reader.problems).and_then(|mut root| {
        if root.is_nothing() {
            root = Node { at: root.at, content: Content::Map(Vec::new()) };
        }
        env::overlay(&mut root, env, &mut reader.problems);
        check::config(&root, &mut reader).map(|config| (config, digest::digest(&root)))
    });
    let Reader { problems, warnings, files: read, .. } = reader;
    files.add(read);
    match config {
        Some((config, digest)) if problems.is_empty() => {
            Ok(Loaded { config, warnings: warned(warnings), file, digest })
        }
        Some(_) | None => Err(Problems::new(problems)),
    }
}

/// A scheme that may be stored.
#[derive(Debug, Clone)]
pub struct CheckedScheme {
    /// The scheme.
    pub scheme: Scheme,
    /// The warnings, one a line.
    pub warnings: Vec<Problem>,
    /// The names of things in its source's product, each with its place.
    pub names: Vec<Named>,
}

/// The scheme in `text`, YAML or JSON: like one item of `schemes` in the configuration, with the same checks. `name` is
/// the prefix of line and column in messages; it may be empty.
///
/// # Errors
/// Every problem, each with its place.
pub fn check_scheme(text: &str, name: &str, sources: &Sources) -> Result<CheckedScheme, Problems> {
    let Read { found, warnings, names } =
        read(text, name, yaml::MAX_IN_SCHEME, |root, reader| scheme(root, sources, reader))?;
    Ok(CheckedScheme { scheme: found.scheme, warnings, names })
}

/// Like [`check_scheme`], for a scheme that was checked before, or whose source is not known here: the source may be
/// any.
///
/// # Errors
/// Every problem, each with its place.
pub fn read_scheme(text: &str, name: &str) -> Result<Scheme, Problems> {
    check_scheme(text, name, &Sources::among_others([])).map(|checked| checked.scheme)
}

/// The trigger in `text`, YAML or JSON: a map with the one key `trigger`, with the same checks as in a scheme. `name` is
/// as in [`check_scheme`].
///
/// # Errors
/// Every problem, each with its place.
pub fn check_trigger(text: &str, name: &str) -> Result<Trigger, Problems> {
    read(text, name, yaml::MAX_IN_SCHEME, trigger_alone).map(|read| read.found)
}

/// The schemes in `text`, YAML or JSON called `name`: the value of the key `schemes`, as in the configuration, or a
/// list of schemes. The caller checks their sources, and the capabilities of these.
///
/// # Errors
/// Every problem, each with its place.
pub fn read_schemes(text: &str, name: &str) -> Result<Vec<Scheme>, Problems> {
    let any_source = Sources::among_others([]);
    let Read { found: schemes, .. } = read(text, name, yaml::MAX_IN_FILE, |root, reader| {
        let listed = match &root.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.name == "schemes").map(|entry| &entry.node),
            Content::List(_) | Content::Scalar { .. } => Some(root),
        };
        let Some(listed) = listed else {
            return reader.refuse(&root.at, "`schemes` is missing here; write `schemes:` and the schemes below it");
        };
        check::unique_schemes(listed, reader);
        reader.each(listed, |item, reader| scheme(item, &any_source, reader))
    })?;
    Ok(schemes.into_iter().map(|provisioned| provisioned.scheme).collect())
}

/// The source in `text`, YAML or JSON that came by the API: like one item of `sources` in the configuration, with the same
/// checks. Its secrets stand in it themselves, and it names no file: nobody is to have usher send what is kept on its machine
/// to an address of their choice.
///
/// # Errors
/// Every problem, each with its place.
pub fn read_source(text: &str) -> Result<Source, Problems> {
    read_source_keeping(text, &KeptParts::new())
}

/// Like [`read_source`], for a source of which usher keeps `parts`: the text may name them, by `{ sealed: NAME }`, and
/// leaves the names empty that belong to them.
///
/// # Errors
/// Every problem, each with its place.
pub fn read_source_keeping(text: &str, parts: &KeptParts) -> Result<Source, Problems> {
    let part = |root: &Node, reader: &mut Reader<'_>| {
        reader.from_afar = true;
        reader.sealed = parts.clone();
        source(root, reader)
    };
    read(text, "", yaml::MAX_IN_SCHEME, part).map(|read| read.found)
}

/// A part of a configuration that was read from a text.
struct Read<T> {
    found: T,
    warnings: Vec<Problem>,
    names: Vec<Named>,
}

/// The result of `part` for `text`, which may hold at most `most` values.
fn read<T>(
    text: &str,
    name: &str,
    most: usize,
    part: impl FnOnce(&Node, &mut Reader<'_>) -> Option<T>,
) -> Result<Read<T>, Problems> {
    let (env, name): (Env, Arc<str>) = (Env::default(), name.into());
    let text = text::decode(text.as_bytes(), &name).map_err(Problems::one)?;
    let mut reader = Reader::new(&env, Path::new(""));
    let locate = |mark: Marker| Place::Character { file: name.clone(), line: mark.line(), column: mark.col() + 1 };
    let found = yaml::parse(text, most, &locate, &mut reader.problems).and_then(|root| part(&root, &mut reader));
    let Reader { problems, warnings, names, .. } = reader;
    match found {
        Some(found) if problems.is_empty() => Ok(Read { found, warnings: warned(warnings), names }),
        Some(_) | None => Err(Problems::new(problems)),
    }
}

/// The warnings to report, in file order.
fn warned(warnings: ProblemCollector) -> Vec<Problem> {
    warnings.into_told("there are more warnings than these; see to these first")
}
