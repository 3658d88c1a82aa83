//! Whom a scheme selects.

use crate::domain::{Age, Condition, DomainPattern, Expression, LoggedInOnce, NeverLoggedIn, Selection, True};

use super::{
    expressions,
    fields::{Fields, Word},
    node::{Entry, Node},
    problem::Place,
    reader::Reader,
};

/// What to write where everyone is meant.
pub(super) const EMPTY_SELECT: &str = "everyone must be asked for by name: write `everyone: true`";

/// How deep `all`, `any` and `not` may nest: whoever needs more is better served by `where`.
const MAX_DEPTH: usize = 16;

/// How many conditions one scheme may have: each is looked at for each user.
const MAX_CONDITIONS: usize = 1_000;

/// The triggers that a condition goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesWith {
    /// Any.
    All,
    /// All but `on_create`: who is just created has no logins to look at.
    ButCreation,
    /// A schedule or a person: an account that is created or logs in is active.
    Sweeps,
}

/// A condition that stands in a scheme, also one that can't be read.
pub(super) struct Found<'n> {
    /// Its key.
    pub name: &'static str,
    /// What it goes with.
    pub goes_with: GoesWith,
    /// Where its key stands.
    pub at: &'n Place,
}

/// All conditions of a scheme found so far, at any depth.
#[derive(Default)]
pub(super) struct Conditions<'n> {
    /// Each of them.
    pub found: Vec<Found<'n>>,
    depth: usize,
}

type Read = for<'n> fn(&'n Node, &mut Conditions<'n>, &mut Reader<'_>) -> Option<Condition>;

/// How a condition is read, and what it goes with.
struct Rule {
    read: Read,
    goes_with: GoesWith,
}

const fn word(name: &'static str, example: &'static str, goes_with: GoesWith, read: Read) -> Word<Rule> {
    Word { name, example, read: Rule { read, goes_with } }
}

static WORDS: [Word<Rule>; 11] = [
    word("everyone", "everyone: true", GoesWith::All, |node, _, reader| {
        yes(node, "everyone", reader).map(Condition::Everyone)
    }),
    word("never_logged_in", "never_logged_in: { created_before: 14d }", GoesWith::ButCreation, |node, _, reader| {
        let created_before = optional_age(node, "created_before", "{ created_before: 14d }", reader)?;
        Some(Condition::NeverLoggedIn(NeverLoggedIn { created_before }))
    }),
    word("last_login_before", "last_login_before: 90d", GoesWith::ButCreation, |node, _, reader| {
        reader.parsed(node, str::parse::<Age>).map(Condition::LastLoginBefore)
    }),
    word("logged_in_once", "logged_in_once: { not_within: 3d }", GoesWith::ButCreation, |node, _, reader| {
        let not_within = optional_age(node, "not_within", "{ not_within: 3d }", reader)?;
        Some(Condition::LoggedInOnce(LoggedInOnce { not_within }))
    }),
    word("deactivated", "deactivated: true", GoesWith::Sweeps, |node, _, reader| {
        yes(node, "deactivated", reader).map(Condition::Deactivated)
    }),
    word("email_domain", "email_domain: [example.com]", GoesWith::All, |node, _, reader| {
        domains(node, reader).map(Condition::EmailDomain)
    }),
    word("email_domain_not", "email_domain_not: [example.com]", GoesWith::All, |node, _, reader| {
        domains(node, reader).map(Condition::EmailDomainNot)
    }),
    word("where", "where: 'user.groups.size() == 0'", GoesWith::All, |node, _, reader| {
        let text = reader.filled(node)?;
        expressions::check_expression(text, &node.at, reader)?;
        Some(Condition::Where(Expression::new(text)))
    }),
    word("all", "all: [{ deactivated: true }, { email_domain: [example.com] }]", GoesWith::All, |node, all, reader| {
        parts(node, all, reader).map(Condition::All)
    }),
    word("any", "any: [{ deactivated: true }, { email_domain: [example.com] }]", GoesWith::All, |node, all, reader| {
        parts(node, all, reader).map(Condition::Any)
    }),
    word("not", "not: { email_domain: [example.com] }", GoesWith::All, |node, all, reader| {
        let several = "several conditions stand under one `not`; write `not: { any: [{ ... }, { ... }] }`, or `all`";
        deeper(node, all, reader, |all, reader| one(node, several, all, reader))
            .map(|part| Condition::Not(Box::new(part)))
    }),
];

/// Reads a scheme's `select`. All conditions in it go to `all`.
pub(super) fn select<'n>(node: &'n Node, all: &mut Conditions<'n>, reader: &mut Reader<'_>) -> Option<Selection> {
    let problems = reader.problems.len();
    let mut fields = Fields::like(node, "everyone: true", reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let conditions: Vec<_> = found.into_iter().map(|(word, entry)| condition(word, entry, all, reader)).collect();
    if conditions.is_empty() && reader.problems.len() == problems {
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
    all.found.push(Found { name: word.name, goes_with: word.read.goes_with, at: &entry.at });
    if all.found.len() == MAX_CONDITIONS + 1 {
        let message = format!("more than {MAX_CONDITIONS} conditions in one scheme; split it, or write a `where`");
        reader.refuse::<()>(&entry.at, message);
    }
    (word.read.read)(&entry.node, all, reader)
}

/// Reads the map at `node`, which holds one condition; `several` is said where there are more.
fn one<'n>(node: &'n Node, several: &str, all: &mut Conditions<'n>, reader: &mut Reader<'_>) -> Option<Condition> {
    let problems = reader.problems.len();
    let mut fields = Fields::like(node, "{ deactivated: true }", reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let count = found.len();
    let conditions: Vec<_> = found.into_iter().map(|(word, entry)| condition(word, entry, all, reader)).collect();
    if count > 1 {
        return reader.refuse(&node.at, several);
    }
    match conditions.into_iter().next() {
        Some(condition) => condition,
        None if reader.problems.len() > problems => None,
        None => reader.refuse(&node.at, "no condition stands here; write `{ deactivated: true }`, say"),
    }
}

fn parts<'n>(node: &'n Node, all: &mut Conditions<'n>, reader: &mut Reader<'_>) -> Option<Vec<Condition>> {
    let several = "several conditions stand in one item; give each an item of its own, \
                   `[{ deactivated: true }, { email_domain: [example.com] }]`, say";
    let parts =
        deeper(node, all, reader, |all, reader| reader.each(node, |item, reader| one(item, several, all, reader)))?;
    if parts.is_empty() {
        return reader.refuse(&node.at, "no condition stands here; write `[{ deactivated: true }]`, say");
    }
    Some(parts)
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

fn yes(node: &Node, name: &str, reader: &mut Reader<'_>) -> Option<True> {
    if reader.boolean(node)? {
        return Some(True);
    }
    reader.refuse(&node.at, format!("`{name}: false` is no condition; write `true`, or leave `{name}` out"))
}

/// The age under `key`, the only one that may stand in the map at `node`.
fn optional_age(node: &Node, key: &'static str, example: &str, reader: &mut Reader<'_>) -> Option<Option<Age>> {
    let mut fields = Fields::like(node, example, reader)?;
    let age = fields.or(key, None, |node| reader.parsed(node, str::parse::<Age>).map(Some));
    fields.done(reader);
    age
}

fn domains(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<DomainPattern>> {
    let domains: Vec<DomainPattern> =
        reader.each(node, |item, reader| reader.parsed(item, |text| DomainPattern::try_from(text.to_owned())))?;
    if domains.is_empty() {
        return reader.refuse(&node.at, "no domain stands here; write `[example.com]`, say, or leave the key out");
    }
    Some(domains)
}
