//! The selection of a scheme.

pub(in crate::config) mod conditions;
mod details;
mod goes_with;

pub(super) use details::{CREATED_BEFORE, NOT_WITHIN};

use crate::{
    config::{
        reader::{
            Reader,
            node::{Entry, Node},
            problem::Place,
        },
        shape::{
            key::{AnyKey, Word},
            object::Object,
        },
    },
    domain::{Condition, ConditionKind, Selection, TriggerKind, True},
};
use conditions::{EXPRESSION, Rule, WORDS};
use goes_with::GoesWith;

/// Why `condition` does not go with `trigger`, and what to write instead; none if it does.
pub fn objection(condition: ConditionKind, trigger: TriggerKind) -> Option<&'static str> {
    let word = WORDS.iter().find(|word| word.name == condition.as_str())?;
    word.read.goes_with.objection(trigger)
}

/// The hint for a selection of everyone.
pub(in crate::config) const EMPTY_SELECT: &str = "everyone must be asked for by name: write `everyone: true`";

/// A scheme's `select`.
pub(in crate::config) static SELECTION: Object =
    Object::new("Select", "Conditions, any of which selects a user.", all_conditions)
        .like("everyone: true")
        .not_empty();

/// The conditions under `all`, `any` and `not`.
pub(in crate::config) static CONDITION: Object =
    Object::new("Condition", "One condition.", all_conditions).like("{ deactivated: true }").one_key();

fn all_conditions() -> Vec<&'static dyn AnyKey> {
    WORDS.iter().map(|word| word as &dyn AnyKey).collect()
}

/// The depth to which `all`, `any` and `not` may nest. A deeper condition is better written as `where`.
const MAX_DEPTH: usize = 16;

/// The number of conditions in one scheme: each is evaluated for each user.
const MAX_CONDITIONS: usize = 1_000;

/// The number of expressions among them: reading one may take some hundredths of a second.
const MAX_EXPRESSIONS: usize = 100;

/// A condition in a scheme, also an unreadable one.
pub(in crate::config) struct ConditionAt<'n> {
    /// Its key.
    pub name: &'static str,
    /// The allowed triggers.
    pub goes_with: GoesWith,
    /// The place of its key.
    pub at: &'n Place,
}

/// All conditions of a scheme found so far, at any depth.
#[derive(Default)]
pub(in crate::config) struct Conditions<'n> {
    /// Each of them.
    pub found: Vec<ConditionAt<'n>>,
    depth: usize,
    expressions: usize,
}

/// Reads a scheme's `select`. All conditions in it go to `all`.
pub(in crate::config) fn select<'n>(
    node: &'n Node,
    all: &mut Conditions<'n>,
    reader: &mut Reader<'_>,
) -> Option<Selection> {
    let problems = reader.problems.count();
    let mut fields = SELECTION.open(node, reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let conditions: Vec<_> = found.into_iter().map(|(word, entry)| condition(word, entry, all, reader)).collect();
    if conditions.is_empty() && reader.problems.count() == problems {
        return reader.refuse(&node.at, format!("no condition stands here; {EMPTY_SELECT}"));
    }
    let conditions: Vec<Condition> = conditions.into_iter().collect::<Option<_>>()?;
    if conditions.len() > 1 && conditions.contains(&Condition::Everyone(True)) {
        let message = "everyone is selected, whatever the other conditions say: any of them selects; \
                       write them under `all`, or take `everyone` out";
        reader.warn(&node.at, message);
    }
    Some(Selection(conditions))
}

fn condition<'n>(
    word: &'static Word<Rule>,
    entry: &'n Entry,
    all: &mut Conditions<'n>,
    reader: &mut Reader<'_>,
) -> Option<Condition> {
    all.found.push(ConditionAt { name: word.name, goes_with: word.read.goes_with, at: &entry.at });
    all.expressions += usize::from(word.name == EXPRESSION);
    let too_many = [
        (all.found.len(), MAX_CONDITIONS, "conditions", "split it, or write a `where`"),
        (all.expressions, MAX_EXPRESSIONS, "expressions", "split it, or write several of them as one"),
    ];
    for (count, most, what, instead) in too_many {
        if count == most + 1 {
            // Said once.
            reader.refuse::<()>(&entry.at, format!("more than {most} {what} in one scheme; {instead}"));
        }
        if count > most {
            return None;
        }
    }
    (word.read.read)(&entry.node, all, reader)
}

/// Reads the map at `node`, which holds one condition; `several` is the message if it holds more.
fn one<'n>(node: &'n Node, several: &str, all: &mut Conditions<'n>, reader: &mut Reader<'_>) -> Option<Condition> {
    let problems = reader.problems.count();
    let mut fields = CONDITION.open(node, reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let count = found.len();
    let conditions: Vec<_> = found.into_iter().map(|(word, entry)| condition(word, entry, all, reader)).collect();
    if count > 1 {
        return reader.refuse(&node.at, several);
    }
    match conditions.into_iter().next() {
        Some(condition) => condition,
        None if reader.problems.count() > problems => None,
        None => reader.refuse(&node.at, "no condition stands here; write `{ deactivated: true }`, say"),
    }
}

/// Reads what `all` and `any` take: a list of maps of one condition each.
pub(in crate::config) fn parts<'n>(
    node: &'n Node,
    all: &mut Conditions<'n>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Condition>> {
    let several = "several conditions stand in one item; give each an item of its own, \
                   `[{ deactivated: true }, { email_domain: [example.com] }]`, say";
    let parts = deeper(node, all, reader, |all, reader| {
        reader.each_like(node, "[{ deactivated: true }]", |item, reader| one(item, several, all, reader))
    })?;
    if parts.is_empty() {
        return reader.refuse(&node.at, "no condition stands here; write `[{ deactivated: true }]`, say");
    }
    Some(parts)
}

/// Reads what `not` takes: a map of one condition.
pub(in crate::config) fn the_part<'n>(
    node: &'n Node,
    all: &mut Conditions<'n>,
    reader: &mut Reader<'_>,
) -> Option<Condition> {
    let several = "several conditions stand under one `not`; write `not: { any: [{ ... }, { ... }] }`, or `all`";
    deeper(node, all, reader, |all, reader| one(node, several, all, reader))
}

/// Reads what nests one deeper, within how deep conditions may nest.
fn deeper<'n, 'r, T>(
    node: &'n Node,
    all: &mut Conditions<'n>,
    reader: &mut Reader<'r>,
    read: impl FnOnce(&mut Conditions<'n>, &mut Reader<'r>) -> Option<T>,
) -> Option<T> {
    if all.depth == MAX_DEPTH {
        let message = format!("conditions nest more than {MAX_DEPTH} deep here; write this as a `where`, say");
        return reader.refuse(&node.at, message);
    }
    all.depth += 1;
    let read = read(all, reader);
    all.depth -= 1;
    read
}
