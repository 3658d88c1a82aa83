//! Names of groups, users and applications, as the product must find them.

use crate::{
    config::{
        reader::{MAX_NAME, Reader, node::Node},
        shape::texts::Text,
    },
    domain::{is_blank, is_invisible},
};

/// The schema of a name.
pub(in crate::config) static NAME: Text = Text::ANY.at_most(MAX_NAME);

/// Reads a name. Blanks around it and invisible characters are refused: the product's name has none, so the product
/// would find nothing.
pub(in crate::config) fn name<'n>(node: &'n Node, reader: &mut Reader<'_>) -> Option<&'n str> {
    reader.filled(node)?;
    let text = reader.within(node, MAX_NAME)?;
    let bare = text.trim_matches(is_blank);
    if bare.is_empty() {
        return reader.refuse(&node.at, "nothing can be seen of this name; write it, or leave it out");
    }
    if bare != text {
        let start = text.len() - text.trim_start_matches(is_blank).len();
        let mut outside = text[..start].chars().chain(text[start + bare.len()..].chars());
        let invisible = outside.find(|c| is_invisible(*c));
        let what = invisible.map_or_else(|| "blanks stand".to_owned(), |c| format!("{} stands", seen(c)));
        return reader.refuse(&node.at, format!("{what} around the name in `{text}`; write `{bare}`"));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let without: String = text.chars().filter(|c| !c.is_control()).collect();
        let message = format!("a control character ({}) stands in `{text}`; write `{without}`", code(control));
        return reader.refuse(&node.at, message);
    }
    if let Some(hidden) = text.chars().find(|c| is_invisible(*c) && !joins(*c)) {
        let without: String = text.chars().filter(|c| !is_invisible(*c) || joins(*c)).collect();
        let message = format!("{} stands in `{text}`; write `{without}`, unless the product has it so", seen(hidden));
        reader.warn(&node.at, message);
    }
    Some(text)
}

/// The characters that join emoji and some scripts.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn seen(c: char) -> String {
    format!("a character that can't be seen ({})", code(c))
}

fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}
