//! What is wrong with the configuration, and where.

use std::{fmt, sync::Arc};

/// Where something stands in what usher was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    File(Arc<str>),
    /// One character of the file.
    Character {
        /// The file, as it was named on the command line; empty where the text is no file.
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

/// One thing that is wrong, or not as it should be. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    place: Place,
    message: String,
}

impl Problem {
    /// A problem at `place`; `message` says what is wrong and, after a semicolon, what to write instead.
    pub(super) fn new(place: &Place, message: impl AsRef<str>) -> Self {
        Self { place: place.clone(), message: on_one_line(message.as_ref()) }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong and, after a semicolon, what to write instead.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Messages quote what the file says, which may hold line breaks and terminal escapes.
fn on_one_line(message: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(escaped).collect()
}

/// All that is wrong, in file order, one a line. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Puts the problems in file order, those of environment variables last.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        Self(problems)
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
        let problems = Problems::new(vec![
            Problem::new(&Place::Variable("USHER_MODE".into()), "last"),
            Problem::new(&at(10, 2), "third"),
            Problem::new(&at(9, 12), "second"),
            Problem::new(&at(9, 2), "first\n\u{1b}[31m"),
        ]);
        assert_eq!(
            problems.to_string(),
            "usher.yaml:9:2: first\\n\\u{1b}[31m\nusher.yaml:9:12: second\nusher.yaml:10:2: third\nUSHER_MODE: last"
        );
    }
}
