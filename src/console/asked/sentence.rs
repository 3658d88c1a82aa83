//! Messages of the API as a page says them.

/// A message as a sentence, with its names between quotation marks.
pub(in crate::console) fn sentence(message: &str) -> String {
    let message = quoted(message);
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let rest = characters.as_str();
    let end = if rest.ends_with(['.', '?', ':']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// `message` with quotation marks for the backticks that messages of the API have around names.
fn quoted(message: &str) -> String {
    if !message.matches('`').count().is_multiple_of(2) {
        return message.to_owned();
    }
    let parts = message.split('`').enumerate();
    parts.map(|(nth, part)| if nth % 2 == 0 { part.to_owned() } else { format!("“{part}”") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_as_a_sentence() {
        assert_eq!(sentence("there is no run `x`"), "There is no run “x”.");
        assert_eq!(sentence("a ` alone stays"), "A ` alone stays.");
        assert_eq!(sentence("Only an administrator can."), "Only an administrator can.");
        assert_eq!(sentence(""), ".");
    }
}
