//! Reads values of the tree as what is wanted of them, and keeps all that is wrong on the way.

use std::{fmt::Display, ops::RangeInclusive, path::Path, str::FromStr};

use super::{
    env::Env,
    groups::Named,
    node::{Content, Node},
    not_yet,
    problem::{Place, Problem},
};

/// What reading needs to know, and what it finds. Whatever gives `None` has reported why.
pub(super) struct Reader<'a> {
    /// Where `{env: NAME}` is looked up.
    pub env: &'a Env,
    /// What `{file: PATH}` is relative to.
    pub base: &'a Path,
    /// What makes the configuration unusable.
    pub problems: Vec<Problem>,
    /// What works and should be otherwise.
    pub warnings: Vec<Problem>,
    /// What schemes name of a product, each with its place.
    pub names: Vec<Named>,
}

impl<'a> Reader<'a> {
    /// One that has read nothing yet.
    pub fn new(env: &'a Env, base: &'a Path) -> Self {
        Self { env, base, problems: Vec::new(), warnings: Vec::new(), names: Vec::new() }
    }
}

impl Reader<'_> {
    /// Reports a problem.
    pub fn refuse<T>(&mut self, at: &Place, message: impl AsRef<str>) -> Option<T> {
        self.problems.push(Problem::new(at, message));
        None
    }

    /// Reports something that works and should be otherwise.
    pub fn warn(&mut self, at: &Place, message: impl AsRef<str>) {
        self.warnings.push(Problem::new(at, message));
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

    /// Text that `read` understands; its error is the message.
    pub fn parsed<T, E: Display>(&mut self, node: &Node, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(node)?;
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

    /// One of `choices`, by name; `later` are those that this version refuses.
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

    /// As [`Reader::each`]; `example` is a list that could stand there.
    pub fn each_like<'n, T>(
        &mut self,
        node: &'n Node,
        example: &str,
        mut read: impl FnMut(&'n Node, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Content::List(items) = &node.content else {
            return self.refuse(&node.at, format!("found {}; write a list, like `{example}`", node.kind()));
        };
        let read: Vec<Option<T>> = items.iter().map(|item| read(item, self)).collect();
        read.into_iter().collect()
    }
}

/// No line names more than these; keys are fewer, but ids of sources may be many.
const NAMED: usize = 20;

fn one_of(known: &[&str]) -> String {
    let more = if known.len() > NAMED { ", …" } else { "" };
    format!("write one of: {}{more}", known[..known.len().min(NAMED)].join(", "))
}

/// What to write instead of `wrong`: the nearest of `known`, or all of them where none is near.
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
