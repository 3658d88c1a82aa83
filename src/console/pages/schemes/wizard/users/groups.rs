//! Groups of conditions in a draft: any, all or none of them hold, and each may be a group itself.
//!
//! The selection itself is the group of which all others are a part. A group is named by its path: the places, from 0, of
//! the groups that lead to it. What is not written as a group can be stays as it is, and is shown as YAML.

use crate::config::Document;

/// The deepest group. A scheme may nest no deeper.
const MAX_DEPTH: usize = 16;

/// The conditions of a group that have to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum How {
    #[default]
    Any,
    All,
    None,
    NotAll,
}

impl How {
    pub(super) const ALL: [Self; 4] = [Self::Any, Self::All, Self::None, Self::NotAll];

    /// The value of the field.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
            Self::NotAll => "not-all",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Any => "Any of these holds",
            Self::All => "All of these hold",
            Self::None => "None of these holds",
            Self::NotAll => "Not all of these hold",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|how| how.as_str() == name).unwrap_or_default()
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Any | Self::None => "any",
            Self::All | Self::NotAll => "all",
        }
    }
}

/// One condition, or a group: its key, and its value.
pub(super) type Item = (String, Document);

/// A group.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Group {
    pub(super) how: How,
    pub(super) items: Vec<Item>,
}

impl Group {
    /// The selection; none if it is no map.
    pub(super) fn of(select: Option<&Document>) -> Option<Self> {
        let Some(select) = select else { return Some(Self::default()) };
        let entries = select.entries()?;
        if let [(key, Document::List(list))] = entries
            && let Some(items) = each(list)
        {
            match key.as_str() {
                "any" => return Some(Self { how: How::Any, items }),
                "all" => return Some(Self { how: How::All, items }),
                _ => {}
            }
        }
        Some(Self { how: How::Any, items: entries.to_vec() })
    }

    /// The group that is `item`; none if it is a condition, or no field can show it.
    pub(super) fn of_item((key, value): &Item) -> Option<Self> {
        match (key.as_str(), value) {
            ("any", Document::List(list)) => Some(Self { how: How::Any, items: each(list)? }),
            ("all", Document::List(list)) => Some(Self { how: How::All, items: each(list)? }),
            ("not", value) => match value.entries()? {
                [] => Some(Self { how: How::None, items: Vec::new() }),
                [inner] => match Self::of_item(inner) {
                    Some(Self { how: How::Any, items }) => Some(Self { how: How::None, items }),
                    Some(Self { how: How::All, items }) => Some(Self { how: How::NotAll, items }),
                    Some(_) | None => Some(Self { how: How::None, items: vec![inner.clone()] }),
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The selection as it is written; none if it is empty.
    pub(super) fn select(&self) -> Option<Document> {
        let is_twice = |place: usize, key: &str| self.items[..place].iter().any(|(other, _)| other == key);
        let one_map = self.how == How::Any
            && !matches!(self.items.as_slice(), [item] if is_list(item))
            && !self.items.iter().enumerate().any(|(place, (key, _))| is_twice(place, key));
        match self.items.as_slice() {
            [] => None,
            items if one_map => Some(Document::Map(items.to_vec())),
            items => Some(Document::Map(vec![(self.how.key().to_owned(), list(items))])),
        }
    }

    /// The group as an item of another.
    pub(super) fn item(&self) -> Item {
        let of_list = || (self.how.key().to_owned(), list(&self.items));
        match (self.how, self.items.as_slice()) {
            (How::Any | How::All, _) => of_list(),
            (How::None, [item]) if !is_list(item) => ("not".to_owned(), Document::Map(vec![item.clone()])),
            (How::None | How::NotAll, _) => ("not".to_owned(), Document::Map(vec![of_list()])),
        }
    }

    /// The group at `path`; none if there is none.
    pub(super) fn at(&self, path: &[usize]) -> Option<Self> {
        match path {
            [] => Some(self.clone()),
            [first, rest @ ..] => Self::of_item(self.items.get(*first)?)?.at(rest),
        }
    }

    /// The same with `group` at `path`; none if there is none to replace.
    pub(super) fn with(&self, path: &[usize], group: Self) -> Option<Self> {
        let [first, rest @ ..] = path else { return Some(group) };
        let inner = Self::of_item(self.items.get(*first)?)?.with(rest, group)?;
        let mut changed = self.clone();
        changed.items[*first] = inner.item();
        Some(changed)
    }

    /// The places of its items that are groups.
    pub(super) fn groups(&self) -> impl Iterator<Item = (usize, Self)> {
        self.items.iter().enumerate().filter_map(|(place, item)| Some((place, Self::of_item(item)?)))
    }

    /// The items as YAML.
    pub(super) fn yaml(&self) -> String {
        if self.items.is_empty() { String::new() } else { list(&self.items).yaml().unwrap_or_default() }
    }
}

/// Whether it is `any` or `all` of a list of items.
fn is_list((key, value): &Item) -> bool {
    ["any", "all"].contains(&key.as_str()) && matches!(value, Document::List(items) if each(items).is_some())
}

/// The items of a list, if each of them has one key.
pub(super) fn each(list: &[Document]) -> Option<Vec<Item>> {
    list.iter().map(|item| if let [item] = item.entries()? { Some(item.clone()) } else { None }).collect()
}

/// Items as a list.
pub(super) fn list(items: &[Item]) -> Document {
    Document::List(items.iter().map(|item| Document::Map(vec![item.clone()])).collect())
}

/// A path as it stands in an address: `0.2`.
pub(super) fn path_of(text: &str) -> Option<Vec<usize>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let path: Vec<_> = text.split('.').map(|place| place.parse().ok()).collect::<Option<_>>()?;
    (path.len() <= MAX_DEPTH).then_some(path)
}

/// The same the other way.
pub(super) fn text_of(path: &[usize]) -> String {
    path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// The path of the group, and the key of the condition in it, to which `keys` lead in a selection.
pub(super) fn found(select: &Document, keys: &[String]) -> Option<(Vec<usize>, String)> {
    let (root, mut path) = (Group::of(Some(select))?, Vec::new());
    let key = match select.entries()? {
        [item] if is_list(item) => in_list(&root, rest(keys), &mut path),
        entries => {
            let place = entries.iter().position(|(key, _)| Some(key) == keys.first())?;
            in_item(&entries[place], place, keys, &mut path)
        }
    };
    Some((path, key))
}

/// `keys` lead to `item`, which stands at `place` of its group.
fn in_item(item: &Item, place: usize, keys: &[String], path: &mut Vec<usize>) -> String {
    let Some(group) = Group::of_item(item) else { return item.0.clone() };
    path.push(place);
    match item.1.entries() {
        Some([inner]) if item.0 == "not" && group.items.first() == Some(inner) => in_item(inner, 0, rest(keys), path),
        Some(_) if item.0 == "not" => in_list(&group, rest(rest(keys)), path),
        Some(_) | None => in_list(&group, rest(keys), path),
    }
}

/// `keys` lead to a place in the list of `group`.
fn in_list(group: &Group, keys: &[String], path: &mut Vec<usize>) -> String {
    let place = keys.first().and_then(|place| place.parse::<usize>().ok());
    match place.and_then(|place| Some((place, group.items.get(place)?))) {
        Some((place, item)) => in_item(item, place, rest(keys), path),
        None => String::new(),
    }
}

fn rest(keys: &[String]) -> &[String] {
    keys.get(1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        Document::read(text).expect("YAML")
    }

    const NESTED: &str = "{ deactivated: true, all: [{ email_domain: [a.com] }, { not: { users: [x] } }, \
        { not: { all: [{ everyone: true }, { any: [{ where: 'true' }, { users: [y] }] }] } }] }";

    #[test]
    fn a_group_is_the_same_after_it_was_read_and_written() {
        for text in [
            "{ everyone: true }",
            "{ all: [{ deactivated: true }] }",
            "{ all: [{ any: [{ deactivated: true }] }, { any: [{ users: [a] }] }] }",
            "{ any: [{ all: [] }] }",
            "{ any: [{ email_domain: [a.com] }, { email_domain: [b.com] }] }",
            "{ not: { deactivated: true } }",
            "{ not: { any: [{ deactivated: true }, { users: [a] }] } }",
            NESTED,
        ] {
            let select = read(text);
            let group = Group::of(Some(&select)).expect("a map");
            assert_eq!(group.select().as_ref(), Some(&select), "{text}");
            for (place, inner) in group.groups() {
                assert_eq!(inner.item(), group.items[place], "{text}");
            }
        }
        assert_eq!(Group::of(Some(&read("[a]"))), None);
        for odd in ["any: { a: 1 }", "all: [a]", "all: [{ a: 1, b: 2 }]", "not: [a]", "not: { a: 1, b: 2 }"] {
            let select = read(odd);
            let group = Group::of(Some(&select)).expect("a map");
            assert_eq!((group.groups().count(), group.select()), (0, Some(select)), "{odd}");
        }
    }

    #[test]
    fn a_group_is_changed_at_its_place_and_the_others_stay() {
        let root = Group::of(Some(&read(NESTED))).expect("a map");
        let deep = root.at(&[1, 2, 1]).expect("a group");
        assert_eq!((deep.how, deep.items.len()), (How::Any, 2));
        assert_eq!(root.at(&[1, 1]).map(|group| group.how), Some(How::None));
        assert_eq!(root.at(&[1, 2]).map(|group| group.how), Some(How::NotAll));
        for nowhere in [&[0][..], &[1, 0], &[1, 9], &[2], &[1, 2, 1, 0]] {
            assert_eq!(root.at(nowhere), None, "{nowhere:?}");
            assert_eq!(root.with(nowhere, Group::default()), None, "{nowhere:?}");
        }
        let changed = root.with(&[1, 2, 1], Group { how: How::All, ..deep }).expect("changed");
        let told = NESTED.replace("any: [{ where", "all: [{ where");
        assert_eq!(changed.select(), Some(read(&told)));
    }

    #[test]
    fn a_fault_is_found_in_its_group() {
        let find = |text: &str, keys: &[&str]| {
            let keys: Vec<_> = keys.iter().map(|&key| key.to_owned()).collect();
            found(&read(text), &keys).map(|(path, key)| (text_of(&path), key))
        };
        let of = |path: &str, key: &str| Some((path.to_owned(), key.to_owned()));
        assert_eq!(find(NESTED, &["deactivated"]), of("", "deactivated"));
        assert_eq!(find(NESTED, &["all", "0", "email_domain", "0"]), of("1", "email_domain"));
        assert_eq!(find(NESTED, &["all", "1", "not", "users"]), of("1.1", "users"));
        assert_eq!(find(NESTED, &["all", "2", "not", "all", "1", "any", "0", "where"]), of("1.2.1", "where"));
        assert_eq!(find("{ all: [{ deactivated: x }] }", &["all", "0", "deactivated"]), of("", "deactivated"));
        assert_eq!(find("{ any: [{ all: [] }] }", &["any", "0", "all"]), of("0", ""));
        assert_eq!(find("{ odd: 1 }", &["odd"]), of("", "odd"));
        assert_eq!(find("{ odd: 1 }", &["other"]), None);
    }

    #[test]
    fn a_path_is_written_and_read() {
        for path in [&[][..], &[0], &[3, 0, 12]] {
            assert_eq!(path_of(&text_of(path)).as_deref(), Some(path));
        }
        for bad in ["x", "1.", "-1", "1..2", &"1.".repeat(20), "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"] {
            assert_eq!(path_of(bad), None, "{bad}");
        }
    }
}
