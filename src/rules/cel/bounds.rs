//! The bounds on the size and the cost of an expression.

use super::ExpressionError;

/// The longest expression, in bytes.
const LONGEST: usize = 4096;

/// No value may be larger that an expression makes on its way, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// The highest number of steps for one user; a step takes less than a microsecond.
pub(super) const STEPS: u64 = 500_000;

/// The highest number of steps that an expression needs.
pub(super) struct Cost {
    steps: u64,
    /// The number of repetitions of the present part.
    times: u64,
}

impl Default for Cost {
    fn default() -> Self {
        Self { steps: 0, times: 1 }
    }
}

impl Cost {
    /// Adds steps for each repetition.
    ///
    /// # Errors
    /// [`ExpressionError`] if there are too many steps now.
    pub(super) fn add(&mut self, steps: u64) -> Result<(), ExpressionError> {
        self.steps = self.steps.saturating_add(steps.saturating_mul(self.times));
        if self.steps <= STEPS {
            return Ok(());
        }
        let message = "the expression could take too long; go through one list only, not through one inside another, \
                       and ask only small patterns of its items (`[a-z0-9]` in place of `\\w`)";
        Err(ExpressionError { message: message.to_owned(), position: None })
    }

    /// Enters a part that is done for each item of a list. Returns the value to leave with.
    pub(super) fn enter(&mut self, length: u64) -> u64 {
        let outside = self.times;
        self.times = outside.saturating_mul(length.max(1));
        outside
    }

    pub(super) fn leave(&mut self, outside: u64) {
        self.times = outside;
    }
}

/// The highest number of operators. The parser and the interpreter recurse for each operator of a chain: `1 + 1 + 1 +
/// ...`. This number needs about half a megabyte of stack without optimization; a thread has two.
const OPERATORS: usize = 150;

/// Refuses a text that is too long to be parsed safely. The parser bounds the depth of brackets.
///
/// # Errors
/// [`ExpressionError`] if the text is too long, or has too many operators.
pub(super) fn of_text(text: &str) -> Result<(), ExpressionError> {
    let too = |message: String| Err(ExpressionError { message, position: None });
    if text.len() > LONGEST {
        return too(format!("the expression has {} bytes, and {LONGEST} are allowed", text.len()));
    }
    let operators = operators(text)?;
    if operators > OPERATORS {
        return too(format!(
            "the expression has {operators} operators and dots, and {OPERATORS} are allowed; write `in [...]` for many \
             comparisons with one fact, or several conditions"
        ));
    }
    Ok(())
}

/// The number of operators and dots outside of texts and comments.
fn operators(text: &str) -> Result<usize, ExpressionError> {
    let mut count = 0;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_punctuation()) {
        let (before, from) = rest.split_at(at);
        let (passed, is_operator) = match from.as_bytes() {
            [quote @ (b'"' | b'\''), ..] => (length_of_text(before, from, char::from(*quote))?, false),
            [b'/', b'/', ..] => (from.find('\n').unwrap_or(from.len()), false),
            [byte, ..] => (1, b"+-*/%<>=!?[.".contains(byte)),
            [] => break,
        };
        count += usize::from(is_operator);
        rest = &from[passed..];
    }
    Ok(count)
}

/// The length of the text in quotes that begins `from`, quotes included.
fn length_of_text(before: &str, from: &str, quote: char) -> Result<usize, ExpressionError> {
    let wrong = |message: &str| Err(ExpressionError { message: message.to_owned(), position: None });
    if from.starts_with([quote; 3].iter().collect::<String>().as_str()) {
        return wrong("write a text in one pair of quotes");
    }
    let prefix = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let escapes = match prefix.to_ascii_lowercase().as_str() {
        "" | "b" => true,
        "r" | "br" | "rb" => false,
        _ => return wrong("a word stands right before a quote; write a space, or an operator"),
    };
    let mut chars = from.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok(at + 1);
        }
        if c == '\\' && escapes {
            chars.next();
        }
    }
    wrong("a quote is not closed")
}

/// The nearest of `known`, or all of them.
pub(super) fn instead(wrong: &str, known: &[&str]) -> String {
    // Longer words are no typing errors, and the distance takes length times length.
    let distance = |name: &str| if wrong.len() > 64 { usize::MAX } else { strsim::damerau_levenshtein(wrong, name) };
    match known.iter().map(|name| (distance(name), name)).min() {
        Some((typos, name)) if typos <= name.len().div_ceil(3) => format!("did you mean `{name}`?"),
        _ => format!("write one of: {}", known.join(", ")),
    }
}

/// The line and column of the byte at `offset`, counted from one.
pub(super) fn position(text: &str, offset: u32) -> (usize, usize) {
    let before = text.get(..offset as usize).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
