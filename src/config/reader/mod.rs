//! Reads values of the tree as their types, and collects all problems.

pub(super) mod env;
pub(super) mod files;
pub(super) mod named;
pub(super) mod node;
pub(super) mod not_yet;
pub(super) mod problem;
pub(super) mod text;
pub(super) mod yaml;

use std::{
    collections::BTreeMap,
    fmt::Display,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use self::named::Named;
use super::WatchedFiles;
use crate::secret::Secret;
use env::Env;
use node::Content;
use node::Node;
use problem::Place;
use problem::ProblemCollector;

/// The longest name of anything, in characters: no product has room for more.
pub(super) const MAX_NAME: usize = 255;
/// The longest text that is more than a text, in characters: an address, a time, an id.
pub(super) const MAX_PARSED: usize = 4_096;

/// The inputs and the findings of reading. A method that returns `None` has reported why.
pub(super) struct Reader<'a> {
    /// The variables for `{env: NAME}`.
    pub env: &'a Env,
    /// The folder for relative `{file: PATH}`.
    pub base: &'a Path,
    /// Problems that make the configuration unusable.
    pub problems: ProblemCollector,
    /// Warnings: the configuration works.
    pub warnings: ProblemCollector,
    /// The names of things in a product, each with its place.
    pub names: Vec<Named>,
    /// The files that were read.
    pub files: WatchedFiles,
    /// Whether the text came by the API. Its author may not have usher read variables and files of this machine, and send
    /// what is in them to an address of the author's choice.
    pub from_afar: bool,
    /// The secrets that usher keeps for the source that is read, by their names, which a text from afar may name.
    pub sealed: BTreeMap<String, Secret>,
}

impl<'a> Reader<'a> {
    /// One that has read nothing yet.
    pub fn new(env: &'a Env, base: &'a Path) -> Self {
        Self {
            env,
            base,
            problems: ProblemCollector::default(),
            warnings: ProblemCollector::default(),
            names: Vec::new(),
            files: WatchedFiles::default(),
            from_afar: false,
            sealed: BTreeMap::new(),
        }
    }
}

impl Reader<'_> {
    /// The text that is kept as `name` for the source that is read, where `node` is left empty as by a reader who may
    /// not see it.
    pub fn kept_text(&self, node: &Node, name: &str) -> Option<String> {
        let is_empty = matches!(&node.content, Content::Scalar { text, .. } if text.is_empty());
        self.sealed.get(name).filter(|_| is_empty).map(|kept| kept.reveal().to_owned())
    }

    /// The place of the file that `node` names by `path`, which is about to be read: it is watched from now on. A text from
    /// afar may name none.
    pub fn file(&mut self, node: &Node, path: &str) -> Option<PathBuf> {
        if self.from_afar {
            return self.refuse(&node.at, "the API reads no files of usher's machine; write this in the configuration");
        }
        let path = self.base.join(path);
        self.files.watch(&path);
        Some(path)
    }

    /// Reports a problem.
    pub fn refuse<T>(&mut self, at: &Place, message: impl AsRef<str>) -> Option<T> {
        self.problems.add(at, || message);
        None
    }

    /// Reports something that works and should be otherwise.
    pub fn warn(&mut self, at: &Place, message: impl AsRef<str>) {
        self.warnings.add(at, || message);
    }

    /// Any single value as text, also an empty one in quotes.
    pub fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match &node.content {
            Content::Scalar { text, .. } if !node.is_nothing() => Some(text),
            _ => self.refuse(&node.at, format!("found {}; write a single value", node.kind())),
        }
    }

    /// Text that says something.
    pub fn filled<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match self.text(node)? {
            text if text.trim().is_empty() => {
                self.refuse(&node.at, "this is empty; write a value or leave the key out")
            }
            text => Some(text),
        }
    }

    /// Text of at most `most` characters.
    pub fn within<'n>(&mut self, node: &'n Node, most: usize) -> Option<&'n str> {
        let text = self.text(node)?;
        if text.chars().nth(most).is_some() {
            return self.refuse(&node.at, format!("this is longer than {most} characters, which are the most here"));
        }
        Some(text)
    }

    /// A name for people.
    pub fn title(&mut self, node: &Node) -> Option<String> {
        self.filled(node)?;
        self.within(node, MAX_NAME).map(str::to_owned)
    }

    /// Text that `read` understands; its error is the message.
    pub fn parsed<T, E: Display>(&mut self, node: &Node, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.within(node, MAX_PARSED)?;
        read(text).map_or_else(|error| self.refuse(&node.at, error.to_string()), Some)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node) -> Option<bool> {
        self.parsed(node, |text| match text {
            "true" | "True" | "TRUE" => Ok(true),
            "false" | "False" | "FALSE" => Ok(false),
            other => Err(format!("`{other}` is neither true nor false; write `true` or `false`")),
        })
    }

    /// A whole number within `range`.
    pub fn whole<T: FromStr + PartialOrd + Display>(&mut self, node: &Node, range: RangeInclusive<T>) -> Option<T> {
        let (least, most) = (range.start(), range.end());
        self.parsed(node, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(format!("`{text}` does not fit here; write a whole number from {least} to {most}")),
        })
    }

    /// One of `choices`, by name; this version refuses those of `later`.
    pub fn choice<T: Copy>(&mut self, node: &Node, choices: &[(&str, T)], later: &[&str]) -> Option<T> {
        self.parsed(node, |text| {
            if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
                return Ok(*choice);
            }
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            if later.contains(&text) {
                return Err(not_yet::message(text, &one_of(&names)));
            }
            Err(format!("`{text}` is not known here; {}", instead(text, &names)))
        })
    }

    /// Every item of a list as `read` gives it; none where any of them is wrong.
    pub fn each<'n, T>(
        &mut self,
        node: &'n Node,
        read: impl FnMut(&'n Node, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.each_like(node, "[a, b]", read)
    }

    /// Like [`Reader::each`]; `example` is a valid list.
    pub fn each_like<'n, T>(
        &mut self,
        node: &'n Node,
        example: &str,
        mut read: impl FnMut(&'n Node, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Content::List(items) = &node.content else {
            return self.refuse(&node.at, format!("found {}; write a list, like `{example}`", node.kind()));
        };
        let mut all = Some(Vec::with_capacity(items.len()));
        for item in items {
            if self.problems.is_full() {
                return None; // enough problems are reported
            }
            match (read(item, self), &mut all) {
                (Some(item), Some(read)) => read.push(item),
                (None, _) => all = None,
                (Some(_), None) => {}
            }
        }
        all
    }
}

/// No line names more than these; keys are fewer, but ids of sources may be many.
const NAMED: usize = 20;

fn one_of(known: &[&str]) -> String {
    let more = if known.len() > NAMED { ", …" } else { "" };
    format!("write one of: {}{more}", known[..known.len().min(NAMED)].join(", "))
}

/// The hint for `wrong`: the nearest of `known`, or all of them if none is near.
pub(super) fn instead(wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "leave it out".to_owned(),
        None => one_of(known),
    }
}

/// The one of `known` that was probably meant by `wrong`.
pub(crate) fn nearest<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    // Longer words are no typing errors, and the distance takes length times length.
    let distance = |name: &str| if wrong.len() > 64 { usize::MAX } else { strsim::damerau_levenshtein(wrong, name) };
    let (typos, name) = known.iter().take(10 * NAMED).map(|name| (distance(name), *name)).min()?;
    (typos <= name.len().div_ceil(3)).then_some(name)
}
