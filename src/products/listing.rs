//! Where a listing of all users stands: so that it can go on in another process, and never goes on for ever.

use sha2::{Digest, Sha256};

use super::{Error, UserPage};
use crate::domain::{UserHints, UserId};

/// How many users are asked for at once: the most that either Jira gives in one answer of a list by offset.
pub(super) const PAGE: usize = 1000;

/// A list with more pages does not end.
const MOST_PAGES: u32 = 100_000;

/// The ways in which products list their users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Data Center since 10: a stream with cursors of its own.
    Stream,
    /// Data Center before 10: a search for everybody, by offset.
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
}

impl Form {
    const ALL: [Self; 7] =
        [Self::Stream, Self::Search, Self::QuotedSearch, Self::Offset, Self::Start, Self::Linked, Self::Directory];
    /// Those of Data Center, the one to begin with first.
    pub const DATA_CENTER: &[Self] = &[Self::Stream, Self::Search, Self::QuotedSearch];
    /// That of Cloud.
    pub const CLOUD: &[Self] = &[Self::Offset];
    /// That of Crowd.
    pub const CROWD: &[Self] = &[Self::Offset];
    /// That of Bitbucket.
    pub const BITBUCKET: &[Self] = &[Self::Start];
    /// That of either Confluence.
    pub const CONFLUENCE: &[Self] = &[Self::Linked];
    /// That of an organisation.
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
        }
    }
}

/// Where a listing stands. Written as `<form>:<pages so far>:<mark>:<place>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub form: Form,
    /// Where the page to be read begins, in the product's own terms; empty for the first one.
    pub place: String,
    pages: u32,
    /// The print of one of the pages before, by which it is seen that the list goes round in circles.
    mark: String,
}

impl Cursor {
    /// The beginning of a list.
    pub fn first(form: Form) -> Self {
        Self { form, place: String::new(), pages: 0, mark: String::new() }
    }

    /// Reads what an earlier page named. Where it is nothing of ours, or not in one of `forms`, it is the beginning in the
    /// first of them. Nothing is lost by beginning again: whoever reads a list knows whom they have had.
    pub fn read(text: Option<&str>, forms: &[Form]) -> Self {
        let known = text.and_then(Self::parse).filter(|cursor| forms.contains(&cursor.form));
        known.unwrap_or_else(|| Self::first(forms.first().copied().unwrap_or(Form::Offset)))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let word = parts.next()?;
        let form = Form::ALL.into_iter().find(|form| form.word() == word)?;
        let (pages, mark, place) = (parts.next()?.parse().ok()?, parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { form, place, pages, mark })
    }

    fn text(&self) -> String {
        format!("{}:{}:{}:{}", self.form.word(), self.pages, self.mark, self.place)
    }

    /// Whether it is the beginning.
    pub fn is_first(&self) -> bool {
        self.pages == 0
    }

    /// The place as an offset.
    pub fn offset(&self) -> usize {
        self.place.parse().unwrap_or(0)
    }

    /// The page of a list by offset with these `users`, of which the product gave `given`, not all of them of use. The
    /// list ends with an empty page: a short one may be followed by others.
    pub fn by_offset(self, users: Vec<(UserId, UserHints)>, given: usize) -> Result<UserPage, Error> {
        if given == 0 {
            return self.end(users);
        }
        if given < PAGE && self.is_marked(&users) {
            return Ok(UserPage::new(users, None)); // the offset is not heeded, and all users stand on one page
        }
        let next = self.offset().saturating_add(given).to_string();
        self.go_on(users, next)
    }

    /// The page of a stream with these `users`; `next` is where the next one begins, none on the last one.
    pub fn by_stream(self, users: Vec<(UserId, UserHints)>, next: Option<String>) -> Result<UserPage, Error> {
        match next {
            None => self.end(users),
            Some(next) if next == self.place => Err(circle()),
            Some(next) => self.go_on(users, next),
        }
    }

    fn end(&self, users: Vec<(UserId, UserHints)>) -> Result<UserPage, Error> {
        if self.is_first() && users.is_empty() {
            // There is somebody everywhere: rights are missing, or the product is in trouble.
            return Err(Error::Unreadable("it lists nobody at all".to_owned()));
        }
        Ok(UserPage::new(users, None))
    }

    /// The page with `users`, and the cursor of the one behind it. By Brent's method: the mark is set anew after 1, 2, 4,
    /// 8… pages, and so it comes to stand in the circle, if there is one, with the circle shorter than the way to the
    /// next mark.
    fn go_on(mut self, users: Vec<(UserId, UserHints)>, place: String) -> Result<UserPage, Error> {
        if self.is_marked(&users) {
            return Err(circle());
        }
        if self.pages >= MOST_PAGES {
            return Err(Error::Unreadable(format!("the list of users has more than {MOST_PAGES} pages")));
        }
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.mark = self.print(&users);
        }
        self.place = place;
        Ok(UserPage::new(users, Some(self.text())))
    }

    fn is_marked(&self, users: &[(UserId, UserHints)]) -> bool {
        !self.is_first() && self.mark == self.print(users)
    }

    /// Tells pages apart by who stands on them; empty ones by their place.
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

fn circle() -> Error {
    Error::Unreadable("the list of users goes round in circles".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: std::ops::Range<usize>) -> Vec<(UserId, UserHints)> {
        ids.map(|id| (UserId::new(id.to_string()), UserHints::default())).collect()
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

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_what_is_none_begins_the_list() {
        let cursor = Cursor { form: Form::Stream, place: "a:b".into(), pages: 3, mark: "00ff".into() };
        assert_eq!(Cursor::read(Some(&cursor.text()), &[Form::Offset, Form::Stream]), cursor);
        for other in ["", "list", "search:x::", "search:1:", "chapter:1:2:3", "list:1:00ff:7"] {
            assert_eq!(Cursor::read(Some(other), &[Form::Search]), Cursor::first(Form::Search), "{other}");
        }
    }

    #[test]
    fn a_list_by_offset_ends_at_an_empty_page_and_not_at_a_short_one() {
        let list = |cursor: Cursor| match cursor.offset() {
            0 => cursor.by_offset(page(0..700), 700),
            700 => cursor.by_offset(page(700..1700), 1000),
            1700 => cursor.by_offset(page(0..0), 0),
            other => panic!("asked for {other}"),
        };
        assert_eq!(walk(Form::Offset, 9, list), (3, Ok(())));
    }

    #[test]
    fn users_that_are_left_out_are_stepped_over() {
        let first = Cursor::first(Form::Offset).by_offset(page(0..2), 5).unwrap();
        assert_eq!(Cursor::read(first.next.as_deref(), &[Form::Offset]).offset(), 5);
    }

    #[test]
    fn a_short_page_that_comes_again_is_the_whole_list_and_a_full_one_is_an_error() {
        assert_eq!(walk(Form::Search, 9, |cursor| cursor.by_offset(page(0..7), 7)), (2, Ok(())));
        assert_eq!(walk(Form::Search, 9, |cursor| cursor.by_offset(page(0..PAGE), PAGE)), (2, Err(circle())));
    }

    #[test]
    fn any_circle_is_noticed_wherever_it_begins_and_however_long_it_is() {
        for (before, length) in [(0, 1), (0, 2), (1, 1), (3, 2), (5, 7), (100, 33)] {
            let list = |cursor: Cursor| {
                let at = cursor.place.parse().unwrap_or(0);
                let next = if at + 1 == before + length { before } else { at + 1 };
                cursor.by_stream(page(10 * at..10 * at + 10), Some(next.to_string()))
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
                let at = cursor.place.parse().unwrap_or(0);
                cursor.by_stream(page(at..at + size), Some((at + 1).to_string()))
            };
            let (pages, end) = walk(Form::Stream, most, list);
            assert_eq!((pages, matches!(end, Err(Error::Unreadable(_)))), (most, true));
        }
    }

    #[test]
    fn a_list_of_nobody_is_not_believed() {
        assert!(Cursor::first(Form::Offset).by_offset(page(0..0), 0).is_err());
        assert!(Cursor::first(Form::Stream).by_stream(page(0..0), None).is_err());
        assert!(Cursor::first(Form::Stream).by_stream(page(0..0), Some("7".into())).is_ok());
    }
}
