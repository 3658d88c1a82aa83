//! Errors of expressions.

use cel::ParseErrors;

/// The reason why a text is not a condition. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(*.position))]
pub struct ExpressionError {
    /// The fault, and what to write instead.
    pub message: String,
    /// The line and column in the expression, each counted from one; none if the fault is in the whole.
    pub position: Option<(usize, usize)>,
}

impl ExpressionError {
    /// The first thing that the parser did not understand.
    pub(super) fn of_parser(errors: &ParseErrors) -> Self {
        let Some(first) = errors.errors.first() else {
            return Self { message: "it can't be read".to_owned(), position: None };
        };
        let count = |number: isize| usize::try_from(number).ok().filter(|number| *number > 0);
        let message = in_words(&first.msg);
        Self { message, position: count(first.pos.0).zip(count(first.pos.1)) }
    }
}

/// A text for an error of the parser. The parser's own texts list the tokens of a grammar, or name its types.
fn in_words(said: &str) -> String {
    const EXAMPLE: &str = "write a condition in CEL, `user.domain == \"acme.example\"`, say";
    if said.contains("Recursion limit") {
        return "it is nested too deep".to_owned();
    }
    if said.starts_with("unsupported syntax") {
        return said.to_owned();
    }
    let token = said.strip_prefix("Syntax error: ").and_then(|said| said.split('\'').nth(1));
    match token {
        Some("<EOF>") => format!("it ends too early; {EXAMPLE}"),
        Some(token) if !token.trim().is_empty() => format!("`{token}` is not expected here; {EXAMPLE}"),
        _ => format!("it can't be read from here on; {EXAMPLE}"),
    }
}

fn at(position: Option<(usize, usize)>) -> String {
    position.map_or_else(String::new, |(line, column)| format!("at {line}:{column}: "))
}
