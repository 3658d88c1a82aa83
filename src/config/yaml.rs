//! YAML text into a [`Node`] tree.
//!
//! Built from the parser's events and not by a ready-made loader: loaders recurse into whatever depth the text
//! asks for, stop at the first duplicate key, and turn a group called `on` or `2024` into something else.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{
    node::{Content, Entry, Node},
    problem::{Place, Problem},
};

/// How deep values may nest: usher's own keys need 7, and conditions two more for each `all`, `any` or `not` around them.
/// Bounds all recursion over the tree.
pub(super) const MAX_DEPTH: usize = 64;
/// How many values all aliases together may repeat.
const MAX_REPEATED: usize = 10_000;

/// Reads one YAML document; `locate` turns the parser's marks into places. An empty document is nothing.
///
/// Adds to `problems` all duplicate keys (the first of each counts), and the first thing that is not YAML or not
/// allowed here, after which there is no tree.
pub(super) fn parse(text: &str, locate: &dyn Fn(Marker) -> Place, problems: &mut Vec<Problem>) -> Option<Node> {
    let mut builder = Builder { locate, open: Vec::new(), anchors: HashMap::new(), repeated: 0, root: None };
    for event in Parser::new_from_str(text) {
        let step =
            event.map_err(|error| builder.syntax(&error)).and_then(|(event, span)| builder.take(event, span.start));
        match step {
            Ok(()) => {}
            Err(Refused::Duplicate(problem)) => problems.push(problem),
            Err(Refused::Unreadable(problem)) => {
                problems.push(problem);
                return None;
            }
        }
    }
    Some(builder.root.unwrap_or_else(|| Node::nothing(locate(Marker::new(0, 1, 0)))))
}

/// Whether reading can go on.
enum Refused {
    Duplicate(Problem),
    Unreadable(Problem),
}

struct Builder<'l> {
    locate: &'l dyn Fn(Marker) -> Place,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    repeated: usize,
    root: Option<Node>,
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
                self.close(Node { at, content }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.begin(at, anchor, tag.as_deref(), Items::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                let items = Items::Map { entries: Vec::new(), names: HashSet::new(), key: None };
                self.begin(at, anchor, tag.as_deref(), items)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let node = self.repeat(anchor, &at)?;
                self.close(node, 0)
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
        self.close(Node { at, content }, anchor)
    }

    /// Puts a finished node where it belongs: into the innermost open list or map.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Refused> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
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

    /// The value that an alias stands for, within what aliases may repeat.
    fn repeat(&mut self, anchor: usize, at: &Place) -> Result<Node, Refused> {
        let Some(node) = self.anchors.get(&anchor) else {
            return refuse(at, "this alias stands inside what it repeats; write the value out");
        };
        let (count, depth) = node.measure();
        check_depth(self.open.len() + depth, at)?;
        self.repeated += count;
        if self.repeated > MAX_REPEATED {
            return refuse(at, format!("aliases repeat more than {MAX_REPEATED} values; write them out"));
        }
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
