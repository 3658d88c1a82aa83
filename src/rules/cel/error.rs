//! What is wrong with an expression.

use cel::ParseErrors;

/// Why a text is not a condition; `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(*.position))]
pub struct ExpressionError {
    /// What is wrong, and what to write instead.
    pub message: String,
    /// The line and column in the expression, each counted from one; none where it is the whole.
    pub position: Option<(usize, usize)>,
}

impl ExpressionError {
    /// The first thing that the parser did not understand.
    pub(super) fn of_parser(errors: &ParseErrors) -> Self {
        let Some(first) = errors.errors.first() else {
            return Self { message: "it can't be read".to_owned(), position: None };
        };
        let count = |number: isize| usize::try_from(number).ok().filter(|number| *number > 0);
        let message = match first.msg.contains("Recursion limit") {
            true => "it is nested too deep".to_owned(),
            false => first.msg.clone(),
        };
        Self { message, position: count(first.pos.0).zip(count(first.pos.1)) }
    }
}

fn at(position: Option<(usize, usize)>) -> String {
    position.map_or_else(String::new, |(line, column)| format!("at {line}:{column}: "))
}
