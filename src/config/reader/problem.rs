//! Problems of the configuration, with their places.

use std::{fmt, sync::Arc};

/// A place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    File(Arc<str>),
    /// One character of the file.
    Character {
        /// The file, as named on the command line; empty if the text is no file.
        file: Arc<str>,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// An environment variable, by name.
    Variable(Arc<str>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) | Self::Variable(name) => f.write_str(name),
            Self::Character { file, line, column } if file.is_empty() => write!(f, "{line}:{column}"),
            Self::Character { file, line, column } => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// The highest number of reported problems. If there are more, the text is probably no configuration.
pub(in crate::config) const MAX_PROBLEMS: usize = 100;

/// The highest length of a message, in characters. Messages quote the text, which may be anything.
const MAX_MESSAGE: usize = 2_000;

/// The number of characters that are kept at the end of a longer message. The hint is there.
const END_LENGTH: usize = 400;

/// One thing that is wrong, or not as it should be. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    place: Place,
    message: String,
}

impl Problem {
    /// A problem at `place`; `message` describes it and, after a semicolon, says what to write instead.
    pub(in crate::config) fn new(place: &Place, message: impl AsRef<str>) -> Self {
        Self { place: place.clone(), message: on_one_line(message.as_ref()) }
    }

    /// The place.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The problem and, after a semicolon, what to write instead.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Messages quote the file, which may hold line breaks and terminal escapes, and may be long.
fn on_one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len().min(MAX_MESSAGE * 4));
    let mut add = |part: &str| {
        for c in part.chars() {
            if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
        }
    };
    match message.char_indices().nth(MAX_MESSAGE) {
        None => add(message),
        Some(_) => {
            let head = message.char_indices().nth(MAX_MESSAGE - END_LENGTH).map_or(0, |(at, _)| at);
            let tail = message.char_indices().rev().nth(END_LENGTH - 1).map_or(0, |(at, _)| at);
            add(&message[..head]);
            add(" … ");
            add(&message[tail..]);
        }
    }
    line
}

/// The problems found while reading. The first [`MAX_PROBLEMS`] are kept, so that no text makes usher write without
/// end.
#[derive(Debug, Default)]
pub(in crate::config) struct ProblemCollector {
    kept: Vec<Problem>,
    count: usize,
}

impl ProblemCollector {
    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.count += 1;
        if self.kept.len() < MAX_PROBLEMS {
            self.kept.push(problem);
        }
    }

    /// Adds a problem at `place`; its message is made only if it is kept.
    pub fn add<M: AsRef<str>>(&mut self, place: &Place, message: impl FnOnce() -> M) {
        self.count += 1;
        if self.kept.len() < MAX_PROBLEMS {
            self.kept.push(Problem::new(place, message()));
        }
    }

    /// The number of problems.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether enough problems are found to stop looking.
    pub fn is_full(&self) -> bool {
        self.count > MAX_PROBLEMS
    }

    /// The kept problems in file order; the last says if there were more.
    pub fn into_told(self, more: &str) -> Vec<Problem> {
        let (is_full, mut told) = (self.is_full(), self.kept);
        told.sort();
        if is_full && let Some(Problem { place, .. }) = told.last() {
            let last = Problem::new(&place.clone(), more);
            told.push(last);
        }
        told
    }
}

/// All that is wrong, in file order, one a line. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The one problem that there is.
    pub(in crate::config) fn one(problem: Problem) -> Self {
        Self(vec![problem])
    }

    /// Puts the problems in file order, those of environment variables last.
    pub(in crate::config) fn new(found: ProblemCollector) -> Self {
        Self(found.into_told("there are more problems than these; mend these first"))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_in_file_order_one_a_line_whatever_they_quote() {
        let at = |line, column| Place::Character { file: "usher.yaml".into(), line, column };
        let mut found = ProblemCollector::default();
        found.push(Problem::new(&Place::Variable("USHER_MODE".into()), "last"));
        found.push(Problem::new(&at(10, 2), "third"));
        found.push(Problem::new(&at(9, 12), "second"));
        found.push(Problem::new(&at(9, 2), "first\n\u{1b}[31m"));
        let problems = Problems::new(found);
        assert_eq!(
            problems.to_string(),
            "usher.yaml:9:2: first\\n\\u{1b}[31m\nusher.yaml:9:12: second\nusher.yaml:10:2: third\nUSHER_MODE: last"
        );
    }

    #[test]
    fn the_first_hundred_problems_are_told_and_that_there_are_more() {
        let at = |line| Place::Character { file: "usher.yaml".into(), line, column: 1 };
        let mut found = ProblemCollector::default();
        for line in (1..=5_000).rev() {
            found.add(&at(line), || "wrong");
        }
        assert!(found.is_full() && found.count() == 5_000);
        let told = Problems::new(found).to_string();
        assert_eq!(told.lines().count(), 101);
        assert!(told.ends_with("usher.yaml:5000:1: there are more problems than these; mend these first"), "{told}");
    }

    #[test]
    fn a_long_message_keeps_its_beginning_and_its_end() {
        let message = format!("`{}` is no name; write another", "é".repeat(1_000_000));
        let problem = Problem::new(&Place::Variable("X".into()), message);
        assert_eq!(problem.message().chars().count(), MAX_MESSAGE + 3);
        assert!(problem.message().starts_with("`éé") && problem.message().ends_with("é` is no name; write another"));
    }
}
