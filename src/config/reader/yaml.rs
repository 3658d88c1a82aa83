//! YAML text into a [`Node`] tree.
//!
//! Built from the parser's events and not by a ready-made loader: loaders recurse into whatever depth the text
//! asks for, stop at the first duplicate key, and turn a group called `on` or `2024` into something else.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{
    node::{Content, Entry, Measure, Node},
    problem::{Place, Problem, ProblemCollector},
};

/// The depth to which values may nest: usher's own keys need 7, and conditions two more for each `all`, `any` or `not`
/// around them. It bounds all recursion over the tree.
pub(in crate::config) const MAX_DEPTH: usize = 64;
/// The number of values that all aliases together may repeat.
const MAX_REPEATED: usize = 10_000;
/// The length of the texts that all aliases together may repeat, in bytes: a text may be as long as the document.
const MAX_REPEATED_BYTES: usize = 1024 * 1024;
/// The length of the texts below all anchors together, in bytes. Each anchor keeps everything below it, and anchors
/// nest.
const MAX_ANCHORED_BYTES: usize = 16 * 1024 * 1024;

/// The number of values in a configuration file: ten thousand schemes have less than half as many. A value takes about
/// a hundred bytes, even a short one.
pub(in crate::config) const MAX_IN_FILE: usize = 1_000_000;
/// The number of values in one scheme: it may list a hundred thousand users.
pub(in crate::config) const MAX_IN_SCHEME: usize = 250_000;

/// Reads one YAML document of at most `most` values; `locate` makes places of the parser's marks. An empty document is
/// nothing.
///
/// Adds to `problems` all duplicate keys (the first of each counts), and the first thing that is not YAML or not
/// allowed here; after that there is no tree.
pub(in crate::config) fn parse(
    text: &str,
    most: usize,
    locate: &dyn Fn(Marker) -> Place,
    problems: &mut ProblemCollector,
) -> Option<Node> {
    let mut builder =
        Builder { locate, most, size: Size::default(), open: Vec::new(), anchors: HashMap::new(), root: None };
    for event in Parser::new_from_str(text) {
        let step =
            event.map_err(|error| builder.syntax(&error)).and_then(|(event, span)| builder.take(event, span.start));
        match step {
            Ok(()) => {}
            Err(Refused::Duplicate(_)) if problems.is_full() => return None,
            Err(Refused::Duplicate(problem)) => problems.push(problem),
            Err(Refused::Unreadable(problem)) => {
                problems.push(problem);
                return None;
            }
        }
    }
    Some(builder.root.unwrap_or_else(|| Node::nothing(locate(Marker::new(0, 1, 0)))))
}

/// Whether reading can continue.
enum Refused {
    Duplicate(Problem),
    Unreadable(Problem),
}

struct Builder<'l> {
    locate: &'l dyn Fn(Marker) -> Place,
    /// The allowed number of values.
    most: usize,
    size: Size,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
}

/// The size of everything read so far.
#[derive(Default)]
struct Size {
    /// The number of all values, and of those that anchors keep.
    values: usize,
    repeated: usize,
    repeated_bytes: usize,
    anchored_bytes: usize,
}

/// A list or map whose end has not come yet.
struct Open {
    at: Place,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, names: HashSet<String>, key: Option<(String, Place)> },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, mark: Marker) -> Result<(), Refused> {
        let at = (self.locate)(mark);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                refuse(&at, "a second document begins here; write everything in one")
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                check_tag(tag.as_deref(), &at)?;
                let text_for_sure = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                let content = Content::Scalar { text: text.into_owned(), quoted: text_for_sure };
                self.finish(Node { at, content }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.begin(at, anchor, tag.as_deref(), Items::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                let items = Items::Map { entries: Vec::new(), names: HashSet::new(), key: None };
                self.begin(at, anchor, tag.as_deref(), items)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let node = self.repeat(anchor, &at)?;
                self.place(node)
            }
        }
    }

    fn begin(&mut self, at: Place, anchor: usize, tag: Option<&Tag>, items: Items) -> Result<(), Refused> {
        check_tag(tag, &at)?;
        check_depth(self.open.len() + 1, &at)?;
        self.open.push(Open { at, anchor, items });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refused> {
        let Some(Open { at, anchor, items }) = self.open.pop() else { return Ok(()) };
        let content = match items {
            Items::List(items) => Content::List(items),
            Items::Map { entries, .. } => Content::Map(entries),
        };
        self.finish(Node { at, content }, anchor)
    }

    /// Counts a finished node, keeps it for aliases if it has an anchor, and puts it into its parent.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Refused> {
        self.count(1, &node.at)?;
        if anchor > 0 {
            let Measure { values, bytes, .. } = node.measure();
            self.count(values, &node.at)?;
            self.size.anchored_bytes += bytes;
            if self.size.anchored_bytes > MAX_ANCHORED_BYTES {
                return refuse(&node.at, "too long a text stands below anchors (`&…`); put them on smaller parts");
            }
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node)
    }

    /// Counts `values` more, within how many there may be.
    fn count(&mut self, values: usize, at: &Place) -> Result<(), Refused> {
        self.size.values += values;
        if self.size.values > self.most {
            return refuse(at, format!("more than {} values stand here; make it smaller", self.most));
        }
        Ok(())
    }

    /// Puts a finished node into the innermost open list or map.
    fn place(&mut self, node: Node) -> Result<(), Refused> {
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, names, key }) => match key.take() {
                None => *key = Some(as_key(node)?),
                Some((name, at)) => {
                    if !names.insert(name.clone()) {
                        let message = format!("`{name}` stands here for the second time; keep one of them");
                        return Err(Refused::Duplicate(Problem::new(&at, message)));
                    }
                    entries.push(Entry { name, at, node });
                }
            },
        }
        Ok(())
    }

    /// The value of an alias, within the bounds of repetition.
    fn repeat(&mut self, anchor: usize, at: &Place) -> Result<Node, Refused> {
        let Some(node) = self.anchors.get(&anchor) else {
            return refuse(at, "this alias stands inside what it repeats; write the value out");
        };
        let Measure { values, depth, bytes } = node.measure();
        check_depth(self.open.len() + depth, at)?;
        let size = &mut self.size;
        size.repeated += values;
        size.repeated_bytes += bytes;
        if size.repeated > MAX_REPEATED {
            return refuse(at, format!("aliases repeat more than {MAX_REPEATED} values; write them out"));
        }
        if size.repeated_bytes > MAX_REPEATED_BYTES {
            return refuse(at, format!("aliases repeat more than {MAX_REPEATED_BYTES} bytes; write them out"));
        }
        size.values += values;
        Ok(node.clone())
    }

    fn syntax(&self, error: &ScanError) -> Refused {
        let message = format!("this is not YAML: {}; look at indentation, colons and quotes here", error.info());
        Refused::Unreadable(Problem::new(&(self.locate)(*error.marker()), message))
    }
}

fn refuse<T>(at: &Place, message: impl AsRef<str>) -> Result<T, Refused> {
    Err(Refused::Unreadable(Problem::new(at, message)))
}

fn as_key(node: Node) -> Result<(String, Place), Refused> {
    match node.content {
        Content::Scalar { text, .. } => Ok((text, node.at)),
        Content::List(_) | Content::Map(_) => refuse(
            &node.at,
            "a key must be a single value; write `key: value`, with quotes around a text that begins with `{`",
        ),
    }
}

fn check_depth(depth: usize, at: &Place) -> Result<(), Refused> {
    if depth > MAX_DEPTH {
        return refuse(at, format!("values nest more than {MAX_DEPTH} deep here; no key of usher needs that"));
    }
    Ok(())
}

fn check_tag(tag: Option<&Tag>, at: &Place) -> Result<(), Refused> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => refuse(at, "tags (`!…`) mean nothing to usher; leave the tag out"),
        Some(_) | None => Ok(()),
    }
}
