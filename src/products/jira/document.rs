//! Texts in the form of Cloud: the Atlassian Document Format.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/apis/document/structure.

use serde_json::{Value, json};

/// A document of plain `text`: blank lines part its paragraphs.
pub(in crate::products) fn plain(text: &str) -> Value {
    let unix = text.replace("\r\n", "\n");
    let paragraphs: Vec<Value> = unix.split("\n\n").filter(|part| !part.trim().is_empty()).map(paragraph).collect();
    json!({ "type": "doc", "version": 1, "content": paragraphs })
}

fn paragraph(text: &str) -> Value {
    let mut content = Vec::new();
    for line in text.trim_matches('\n').split('\n') {
        if !content.is_empty() {
            content.push(json!({ "type": "hardBreak" }));
        }
        if !line.is_empty() {
            content.push(json!({ "type": "text", "text": line })); // an empty text is not allowed
        }
    }
    json!({ "type": "paragraph", "content": content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs_and_no_text_is_empty() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let content = json!([
            { "type": "paragraph", "content": [text("One"), { "type": "hardBreak" }, text("two")] },
            { "type": "paragraph", "content": [text("three")] },
        ]);
        assert_eq!(plain("One\r\ntwo\n\n\nthree\n"), json!({ "type": "doc", "version": 1, "content": content }));
        assert_eq!(plain(""), json!({ "type": "doc", "version": 1, "content": [] }));
    }
}
