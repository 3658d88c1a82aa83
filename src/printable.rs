//! Texts from outside in front of people: names come from products, where anybody may have put anything into them.
//!
//! A character that steers a terminal, turns the direction of writing or can't be seen is written as an escape. Results
//! of commands and lines of the log use the same set.

use std::io::{self, Write};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Whether `c` is a control character (also one of C1), or one that breaks lines, turns the direction of writing or has
/// no width, so that a text reads as another one.
///
/// The joiners U+200C and U+200D are not among them: Persian, Indic scripts and emoji need them.
pub fn steers(c: char) -> bool {
    c.is_control() || hides(c)
}

/// Like [`steers`], without control characters.
fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// `text` without anything that steers a terminal; line breaks stay.
pub fn plain(text: &str) -> String {
    escaped(text, |c| c == '\n')
}

/// Like [`plain`], on one line.
pub fn on_one_line(text: &str) -> String {
    escaped(text, |_| false)
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let shown = |c: char| if steers(c) && !stays(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// The way of escaping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// For people: `\u{202e}`.
    Text,
    /// Within a text of JSON, where the escape is the same character: `\u202e`.
    Json,
}

/// Makes writers for lines of the log, which escape what steers. The formatter escapes control characters of ASCII by
/// itself, except line breaks in texts. They are escaped too, so that one record is one line. The formatter's own
/// colours and the line break at the end stay.
#[derive(Debug, Clone)]
pub struct Printable<M> {
    inner: M,
    escapes: Escapes,
}

impl<M> Printable<M> {
    /// Makes writers like those of `inner`.
    pub const fn new(inner: M, escapes: Escapes) -> Self {
        Self { inner, escapes }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Printable<M> {
    type Writer = PrintableWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        PrintableWriter { inner: self.inner.make_writer(), escapes: self.escapes }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        PrintableWriter { inner: self.inner.make_writer_for(metadata), escapes: self.escapes }
    }
}

/// See [`Printable`]. A line comes in one piece.
#[derive(Debug)]
pub struct PrintableWriter<W> {
    inner: W,
    escapes: Escapes,
}

impl<W: Write> Write for PrintableWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Ok(text) = std::str::from_utf8(bytes) else { return self.inner.write_all(bytes) };
        let (line, end) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
        if !line.chars().any(is_escaped) {
            return self.inner.write_all(bytes);
        }
        self.inner.write_all((self.escapes.escape(line) + end).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The formatter escapes control characters of ASCII, and writes some of its own, but no line breaks within a line.
fn is_escaped(c: char) -> bool {
    matches!(c, '\n' | '\r') || (!c.is_ascii() && steers(c))
}

impl Escapes {
    fn escape(self, line: &str) -> String {
        let mut escaped = String::with_capacity(line.len() + 16);
        for c in line.chars() {
            match (is_escaped(c), self) {
                (false, _) => escaped.push(c),
                (true, Self::Text) => escaped.extend(c.escape_default()),
                // Each of them is below U+10000.
                (true, Self::Json) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            }
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const NAME: &str = "Zoë\r\nERROR \u{202e}gpj\u{202c} \u{9b}31m \u{200b}\u{2028}\u{feff}李 👩\u{200d}👧";

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(escapes: Escapes) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let make = Printable::new(move || writer.clone(), escapes);
        let logs = tracing_subscriber::fmt().with_writer(make);
        let log = || tracing::info!(user.name = %NAME, user.other = NAME, "{NAME} came");
        match escapes {
            Escapes::Text => tracing::subscriber::with_default(logs.with_ansi(true).finish(), log),
            Escapes::Json => tracing::subscriber::with_default(logs.json().finish(), log),
        }
        String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("text")
    }

    #[test]
    fn nothing_in_a_line_of_the_log_steers_a_terminal() {
        let text = logged(Escapes::Text);
        assert!(text.contains("\u{1b}[") && text.ends_with('\n'), "the formatter's colours stay: {text:?}");
        assert!(
            text.contains("Zoë\\r\\nERROR \\u{202e}gpj\\u{202c} \\u{9b}31m \\u{200b}\\u{2028}\\u{feff}李 👩\u{200d}👧"),
            "{text:?}"
        );
        assert!(!text.trim_end().chars().any(is_escaped), "{text:?}");
    }

    #[test]
    fn a_line_in_json_is_escaped_and_means_the_same() {
        let line = logged(Escapes::Json);
        assert!(!line.trim_end().chars().any(is_escaped), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["fields"]["user.name"], NAME);
        assert_eq!(value["fields"]["message"], format!("{NAME} came"));
    }
}
