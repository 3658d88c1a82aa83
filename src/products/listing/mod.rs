//! The place of a listing of all users: with it another process can continue the listing, and a listing never goes on
//! for ever.

pub(super) mod completeness;
mod end;
mod given;
mod members;
mod offset;
mod page_size;
pub(super) mod records;

use sha2::{Digest, Sha256};

pub(super) use self::{
    end::may_be_full,
    given::Given,
    members::{and_members, by_members},
    offset::by_offset,
    page_size::PageSize,
};
use super::{Completeness, Error, UserPage};
use crate::domain::{UserHints, UserId};

/// The number of users requested at once: the highest number that either Jira gives in one answer of a list by offset.
pub(super) const PAGE: usize = 1000;

/// A list with more pages does not end.
const MOST_PAGES: u32 = 100_000;

/// The ways in which products list their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Data Center since 11, and 10.3 LTS: a stream with cursors of its own.
    Stream,
    /// Other versions of Data Center: a search for everybody, by offset.
    Search,
    /// The same with the other spelling of "everybody".
    QuotedSearch,
    /// Cloud and Crowd: by offset.
    Offset,
    /// Bitbucket: by the start of the next page, which each page names.
    Start,
    /// Confluence: by offset, and each page says whether there is another.
    Linked,
    /// An organisation: by cursors of its own.
    Directory,
    /// Behind a list of either Jira that is not known to be whole: the members of groups.
    Members,
}

impl Form {
    const ALL: [Self; 8] = [
        Self::Stream,
        Self::Search,
        Self::QuotedSearch,
        Self::Offset,
        Self::Start,
        Self::Linked,
        Self::Directory,
        Self::Members,
    ];
    /// The forms of Data Center, the one to begin with first.
    pub const DATA_CENTER: &[Self] = &[Self::Stream, Self::Search, Self::QuotedSearch, Self::Members];
    /// The form of Cloud.
    pub const CLOUD: &[Self] = &[Self::Offset, Self::Members];
    /// The form of Crowd.
    pub const CROWD: &[Self] = &[Self::Offset];
    /// The form of Bitbucket.
    pub const BITBUCKET: &[Self] = &[Self::Start];
    /// The form of either Confluence.
    pub const CONFLUENCE: &[Self] = &[Self::Linked];
    /// The form of an organisation.
    pub const ORGANIZATION: &[Self] = &[Self::Directory];

    const fn word(self) -> &'static str {
        match self {
            Self::Stream => "list",
            Self::Search => "search",
            Self::QuotedSearch => "quoted-search",
            Self::Offset => "offset",
            Self::Start => "start",
            Self::Linked => "linked",
            Self::Directory => "directory",
            Self::Members => "members",
        }
    }
}

/// A page's information about the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// There is one, and it begins there.
    At(String),
    /// There is none.
    Last,
    /// Nothing.
    Silent,
    /// The page says both that there is none and that there is one.
    Contradiction,
}

/// The place of a listing. Written as `<form>:<pages so far>:<mark>:<unreadable>.<last>:<place>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub form: Form,
    /// The start of the page to be read, in the product's own form; empty for the first one.
    pub place: String,
    pages: u32,
    /// The print of one of the pages before, by which it is seen that the list goes round in circles.
    mark: String,
    /// The number of unreadable records so far.
    unreadable: u64,
    /// The digest of the last record so far; none if it has no id.
    last: Option<String>,
}

impl Cursor {
    /// The beginning of a list.
    pub fn first(form: Form) -> Self {
        Self { form, place: String::new(), pages: 0, mark: String::new(), unreadable: 0, last: None }
    }

    /// Reads the cursor of an earlier page. A cursor that is not usher's, or not in one of `forms`, is the beginning in
    /// the first of them. Beginning again loses nothing, because the reader of a list knows the users it has had.
    pub fn read(text: Option<&str>, forms: &[Form]) -> Self {
        let known = text.and_then(Self::parse).filter(|cursor| forms.contains(&cursor.form));
        known.unwrap_or_else(|| Self::first(forms.first().copied().unwrap_or(Form::Offset)))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, ':');
        let word = parts.next()?;
        let form = Form::ALL.into_iter().find(|form| form.word() == word)?;
        let (pages, mark) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        let (unreadable, last) = parts.next()?.split_once('.')?;
        let (unreadable, last) = (unreadable.parse().ok()?, (!last.is_empty()).then(|| last.to_owned()));
        let place = parts.next()?.to_owned();
        Some(Self { form, place, pages, mark, unreadable, last })
    }

    fn text(&self) -> String {
        let Self { form, place, pages, mark, unreadable, last } = self;
        format!("{}:{pages}:{mark}:{unreadable}.{}:{place}", form.word(), last.as_deref().unwrap_or_default())
    }

    /// Whether it is the beginning.
    pub fn is_first(&self) -> bool {
        self.pages == 0
    }

    /// The place as an offset.
    pub fn offset(&self) -> usize {
        self.place.parse().unwrap_or(0)
    }

    /// The page of a list by offset that has records. The list ends with an empty page: a short one may be followed by
    /// others.
    fn page_by_offset(self, given: Given) -> Result<UserPage, Error> {
        if given.records < given.asked && self.is_marked(&given.users) {
            let why = "the product heeds no offset: it gives the same page wherever it is asked to begin";
            return self.ended(given, Completeness::NotProved(why.to_owned()));
        }
        let next = self.offset().saturating_add(given.records).to_string();
        self.go_on(given, next)
    }

    /// The page of a stream; `next` is its information about the next one.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] where the list goes round in circles, does not end, or names nobody.
    pub fn by_stream(self, given: Given, next: Next) -> Result<UserPage, Error> {
        match next {
            Next::Last => self.ended(given, Completeness::Proved),
            Next::Silent => {
                let why = "its last page does not say that it is the last".to_owned();
                self.ended(given, Completeness::NotProved(why))
            }
            Next::Contradiction => {
                let why = "a page says that it is the last, and that another one follows".to_owned();
                self.ended(given, Completeness::NotProved(why))
            }
            Next::At(next) if next == self.place => Err(circle()),
            Next::At(next) => self.go_on(given, next),
        }
    }

    fn ended(&self, given: Given, end: Completeness) -> Result<UserPage, Error> {
        if self.is_first() && given.users.is_empty() {
            // There is somebody everywhere: rights are missing, or the product is in trouble.
            return Err(Error::Unreadable("it lists nobody at all".to_owned()));
        }
        let completeness = match (end, self.unreadable + given.unreadable as u64) {
            (Completeness::Proved, records @ 1..) => Completeness::Unreadable(records),
            (end, _) => end,
        };
        Ok(UserPage { completeness, ..UserPage::new(given.users, None) })
    }

    /// The given page, and the cursor of the next one. It finds circles by Brent's method: the mark is set again after
    /// 1, 2, 4, 8… pages. So if there is a circle, the mark is in it at last, with the circle shorter than the way to
    /// the next mark.
    fn go_on(mut self, given: Given, place: String) -> Result<UserPage, Error> {
        if self.is_marked(&given.users) {
            return Err(circle());
        }
        if self.pages >= MOST_PAGES {
            return Err(Error::Unreadable(format!("the list of users has more than {MOST_PAGES} pages")));
        }
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.mark = self.print(&given.users);
        }
        self.place = place;
        self.unreadable += given.unreadable as u64;
        // Where a record was left out, which one is the last can't be told.
        let last = given.users.last().filter(|_| given.records == given.users.len());
        self.last = last.map(|(id, _)| short_print(id));
        Ok(UserPage::new(given.users, Some(self.text())))
    }

    fn is_marked(&self, users: &[(UserId, UserHints)]) -> bool {
        !self.is_first() && self.mark == self.print(users)
    }

    /// A digest that distinguishes pages by their users; empty ones by their place.
    fn print(&self, users: &[(UserId, UserHints)]) -> String {
        let mut hash = Sha256::new();
        if users.is_empty() {
            hash.update(&self.place);
        }
        for (id, _) in users {
            hash.update((id.as_str().len() as u64).to_be_bytes());
            hash.update(id.as_str());
        }
        hex::encode(&hash.finalize()[..8])
    }
}

/// The print of one user.
fn short_print(user: &UserId) -> String {
    hex::encode(&Sha256::digest(user.as_str())[..8])
}

fn circle() -> Error {
    Error::Unreadable("the list of users goes round in circles".to_owned())
}

#[cfg(test)]
mod tests {
    mod cursors;

    use super::*;

    fn page(ids: std::ops::Range<usize>) -> Given {
        let users: Vec<_> = ids.map(|id| (UserId::new(id.to_string()), UserHints::default())).collect();
        Given { records: users.len(), users, unreadable: 0, asked: PAGE }
    }

    /// Reads on until the end or an error, at most `most` pages; how many there were, and how it ended.
    fn walk(form: Form, most: usize, list: impl Fn(Cursor) -> Result<UserPage, Error>) -> (usize, Result<(), Error>) {
        let mut next = None;
        for pages in 1..=most {
            match list(Cursor::read(next.as_deref(), &[form])) {
                Ok(UserPage { next: None, .. }) => return (pages, Ok(())),
                Ok(page) => next = page.next,
                Err(error) => return (pages, Err(error)),
            }
        }
        panic!("no end after {most} pages")
    }

    fn at(place: usize) -> Next {
        Next::At(place.to_string())
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_what_is_none_begins_the_list() {
        for (unreadable, last) in [(0, None), (7, Some("00aa".to_owned()))] {
            let (place, mark) = ("a:b".into(), "00ff".into());
            let cursor = Cursor { form: Form::Stream, place, pages: 3, mark, unreadable, last };
            assert_eq!(Cursor::read(Some(&cursor.text()), &[Form::Offset, Form::Stream]), cursor);
        }
        for other in ["", "list", "search:x::", "search:1:", "search:1:00ff:7", "chapter:1:2:0.:3", "list:1:00ff:0.:7"]
        {
            assert_eq!(Cursor::read(Some(other), &[Form::Search]), Cursor::first(Form::Search), "{other}");
        }
    }

    #[test]
    fn users_that_are_left_out_are_stepped_over() {
        let given = Given { records: 5, ..page(0..2) };
        let first = Cursor::first(Form::Offset).page_by_offset(given).unwrap();
        assert_eq!(Cursor::read(first.next.as_deref(), &[Form::Offset]).offset(), 5);
    }

    #[test]
    fn a_short_page_that_comes_again_ends_the_list_without_a_proof_and_a_full_one_is_an_error() {
        let list = |users: usize| walk(Form::Search, 9, move |cursor| cursor.page_by_offset(page(0..users)));
        assert_eq!(list(7), (2, Ok(())));
        assert_eq!(list(PAGE), (2, Err(circle())));
        let first = Cursor::first(Form::Search).page_by_offset(page(0..7)).unwrap();
        let second = Cursor::read(first.next.as_deref(), &[Form::Search]).page_by_offset(page(0..7)).unwrap();
        assert!(matches!(second.completeness, Completeness::NotProved(_)), "{second:?}");
    }

    #[test]
    fn a_stream_is_whole_only_where_its_last_page_says_that_it_is_the_last() {
        let end = |next| Cursor::first(Form::Stream).by_stream(page(0..3), next).unwrap().completeness;
        assert_eq!(end(Next::Last), Completeness::Proved);
        assert!(matches!(end(Next::Silent), Completeness::NotProved(_)));
        assert!(matches!(end(Next::Contradiction), Completeness::NotProved(_)));
    }

    #[test]
    fn records_that_cannot_be_read_are_counted_from_the_first_page_to_the_last() {
        let with = |users, unreadable| Given { unreadable, ..page(users) };
        let first = Cursor::first(Form::Stream).by_stream(with(0..3, 2), at(3)).unwrap();
        let second = Cursor::read(first.next.as_deref(), &[Form::Stream]);
        let last = second.clone().by_stream(with(3..5, 1), Next::Last).unwrap();
        assert_eq!(last.completeness, Completeness::Unreadable(3));
        let last = second.by_stream(with(3..5, 1), Next::Silent).unwrap();
        assert!(matches!(last.completeness, Completeness::NotProved(_)));
    }

    #[test]
    fn any_circle_is_noticed_wherever_it_begins_and_however_long_it_is() {
        for (before, length) in [(0, 1), (0, 2), (1, 1), (3, 2), (5, 7), (100, 33)] {
            let list = |cursor: Cursor| {
                let place = cursor.place.parse().unwrap_or(0);
                let next = if place + 1 == before + length { before } else { place + 1 };
                cursor.by_stream(page(10 * place..10 * place + 10), at(next))
            };
            let (pages, end) = walk(Form::Stream, 4 * (before + length) + 4, list);
            assert_eq!(end, Err(circle()), "{before} {length}");
            assert!(pages > length, "{before} {length}");
        }
    }

    #[test]
    fn a_list_that_never_ends_is_given_up_also_where_its_pages_are_empty() {
        let most = MOST_PAGES as usize + 1;
        for size in [0, 1] {
            let list = |cursor: Cursor| {
                let place = cursor.place.parse().unwrap_or(0);
                cursor.by_stream(page(place..place + size), at(place + 1))
            };
            let (pages, end) = walk(Form::Stream, most, list);
            assert_eq!((pages, matches!(end, Err(Error::Unreadable(_)))), (most, true));
        }
    }

    #[test]
    fn a_list_of_nobody_is_not_believed() {
        assert!(Cursor::first(Form::Stream).by_stream(page(0..0), Next::Last).is_err());
        assert!(Cursor::first(Form::Stream).by_stream(page(0..0), at(7)).is_ok());
    }
}
