//! The members of a group, page by page: who is named, whether all are, and where the next page begins.

use crate::{
    domain::{GroupName, Product},
    products::{
        Error, MemberPage,
        stub::{Stub, answer, ok},
    },
};

/// The form in which a product writes a page of members.
struct Form {
    product: Product,
    /// The answers before the page.
    before: &'static [&'static str],
    bean: fn(usize) -> String,
    /// The page, with what is said about the next one.
    page: fn(&str, Says) -> String,
    /// Whether inactive members are known to be on it.
    inactive_too: bool,
}

/// The word of a page about the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    /// There is one, which begins there.
    More(usize),
    /// There is none.
    Last,
    /// Nothing.
    Nothing,
}

fn jira(values: &str, says: Says) -> String {
    let last = match says {
        Says::More(_) => r#","isLast":false"#,
        Says::Last => r#","isLast":true"#,
        Says::Nothing => "",
    };
    format!(r#"{{"values":[{values}]{last}}}"#)
}

fn confluence(values: &str, says: Says) -> String {
    let links = match says {
        Says::More(next) => format!(r#","_links":{{"base":"b","next":"/rest/api/x?limit=200&start={next}"}}"#),
        Says::Last => r#","_links":{"base":"b","self":"s"}"#.to_owned(),
        Says::Nothing => String::new(),
    };
    format!(r#"{{"results":[{values}]{links}}}"#)
}

fn bitbucket(values: &str, says: Says) -> String {
    let rest = match says {
        Says::More(next) => format!(r#","isLastPage":false,"nextPageStart":{next}"#),
        Says::Last => r#","isLastPage":true,"nextPageStart":null"#.to_owned(),
        Says::Nothing => String::new(),
    };
    format!(r#"{{"values":[{values}]{rest}}}"#)
}

/// The products whose pages say whether there is another. An organisation lists no members.
const FORMS: [Form; 5] = [
    Form {
        product: Product::JiraDc,
        before: &[],
        bean: |n| format!(r#"{{"key":"{n}","name":"n-{n}","active":{}}}"#, n % 2 == 0),
        page: jira,
        inactive_too: true,
    },
    Form {
        product: Product::JiraCloud,
        before: &[],
        bean: |n| format!(r#"{{"accountId":"{n}","active":true}}"#),
        page: jira,
        inactive_too: true,
    },
    Form {
        product: Product::ConfluenceDc,
        before: &[],
        bean: |n| format!(r#"{{"type":"known","userKey":"{n}","username":"n-{n}"}}"#),
        page: confluence,
        inactive_too: false,
    },
    Form {
        product: Product::ConfluenceCloud,
        before: &[r#"{"results":[{"id":"g1","name":"Staff"}],"_links":{}}"#],
        bean: |n| format!(r#"{{"type":"known","accountId":"{n}"}}"#),
        page: confluence,
        inactive_too: false,
    },
    Form {
        product: Product::BitbucketDc,
        before: &[],
        bean: |n| format!(r#"{{"id":{n},"name":"n-{n}"}}"#),
        page: bitbucket,
        inactive_too: false,
    },
];

impl Form {
    /// Reads the page that begins at `start` and is written so.
    async fn read(&self, page: &str, start: usize) -> Result<MemberPage, Error> {
        let stub = Stub::answering(self.before.iter().copied().chain([page]).map(ok)).await;
        let page = stub.client(self.product).members(&GroupName::new("staff"), start).await?;
        Ok(page.expect("it lists members"))
    }

    fn beans(&self, ids: std::ops::Range<usize>) -> String {
        ids.map(self.bean).collect::<Vec<_>>().join(",")
    }
}

fn ids(page: &MemberPage) -> Vec<&str> {
    page.users.iter().map(|user| user.as_str()).collect()
}

#[tokio::test]
async fn a_page_names_its_members_active_or_not_and_where_the_next_one_begins() {
    for form in &FORMS {
        let first = form.read(&(form.page)(&form.beans(1..4), Says::More(8)), 5).await.unwrap();
        assert_eq!(ids(&first), ["1", "2", "3"], "{}", form.product);
        assert_eq!((first.next, first.all_readable), (Some(8), true), "{}", form.product);
        assert_eq!(first.inactive_too, form.inactive_too, "{}", form.product);
        let last = form.read(&(form.page)(&form.beans(4..5), Says::Last), 8).await.unwrap();
        assert_eq!((ids(&last), last.next, last.all_readable), (vec!["4"], None, true), "{}", form.product);
        let none = form.read(&(form.page)("", Says::Last), 0).await.unwrap();
        assert_eq!((none.users.len(), none.next, none.all_readable), (0, None, true), "{}", form.product);
    }
}

#[tokio::test]
async fn a_member_who_can_t_be_read_leaves_the_others_and_nobody_is_known_to_be_outside() {
    for form in &FORMS {
        for bad in ["null", "7", "{}", r#"{"name":"\ud83d"}"#, "[]"] {
            let values = format!("{},{bad},{}", form.beans(1..2), form.beans(2..3));
            let page = form.read(&(form.page)(&values, Says::Last), 0).await.unwrap();
            assert_eq!((ids(&page), page.all_readable), (vec!["1", "2"], false), "{} {bad}", form.product);
            let more = form.read(&(form.page)(&values, Says::More(3)), 0).await.unwrap();
            assert_eq!(more.next, Some(3), "{} {bad}: the next page begins behind it", form.product);
        }
    }
}

#[tokio::test]
async fn a_page_that_does_not_say_whether_it_is_the_last_is_not_taken_for_the_whole_group() {
    for form in &FORMS {
        for values in [form.beans(1..4), String::new()] {
            let page = form.read(&(form.page)(&values, Says::Nothing), 0).await.unwrap();
            assert!(!page.all_readable, "{}: {page:?}", form.product);
        }
    }
}

#[tokio::test]
async fn an_empty_page_with_others_behind_it_is_not_taken_for_the_end() {
    for form in &FORMS {
        match form.read(&(form.page)("", Says::More(50)), 0).await {
            Ok(page) => assert!(page.next.is_some() || !page.all_readable, "{}: {page:?}", form.product),
            Err(error) => panic!("{}: {error:?}", form.product),
        }
    }
}

#[tokio::test]
async fn a_page_that_leads_back_is_refused_and_one_that_leads_to_no_place_is_not_the_end() {
    for form in FORMS.iter().filter(|form| !matches!(form.product, Product::JiraDc | Product::JiraCloud)) {
        for back in [0, 5] {
            let led_back = form.read(&(form.page)(&form.beans(1..2), Says::More(back)), 5).await;
            assert!(matches!(led_back, Err(Error::Unreadable(_))), "{}: {led_back:?}", form.product);
        }
    }
    for next in [r#"{"href":"/x?start=200"}"#, "7", "true"] {
        let page = format!(r#"{{"results":[{}],"_links":{{"next":{next}}}}}"#, FORMS[2].beans(1..3));
        let read = FORMS[2].read(&page, 0).await;
        assert!(!matches!(&read, Ok(MemberPage { next: None, all_readable: true, .. })), "{next}: {read:?}");
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_is_a_refusal_and_has_no_members() {
    for form in &FORMS {
        let missing = answer(404, "", "{}");
        let replies = form.before.iter().map(|body| ok(body)).chain([missing]);
        let stub = Stub::answering(replies).await;
        let read = stub.client(form.product).members(&GroupName::new("staff"), 0).await;
        assert!(matches!(read, Err(Error::Refused { status: 404, .. })), "{}: {read:?}", form.product);
    }
    let none = r#"{"results":[{"id":"g1","name":"staff-old"}],"_links":{}}"#;
    let stub = Stub::answering([ok(none)]).await;
    let read = stub.client(Product::ConfluenceCloud).members(&GroupName::new("staff"), 0).await;
    assert!(matches!(read, Err(Error::Refused { status: 404, .. })), "{read:?}");
}

#[tokio::test]
async fn in_crowd_a_page_as_long_as_pages_may_be_is_followed_by_another() {
    let group = GroupName::new("staff");
    for (members, next) in
        [(0, None), (1, None), (99, None), (100, Some(107)), (500, Some(507)), (742, None), (1_000, Some(1_007))]
    {
        let beans: Vec<_> = (0..members).map(|n| format!(r#"{{"name":"n{n}","key":"1:{n}"}}"#)).collect();
        let body = format!(r#"{{"expand":"user","users":[{}]}}"#, beans.join(","));
        let stub = Stub::answering([ok(&body)]).await;
        let page = stub.client(Product::Crowd).members(&group, 7).await.unwrap().expect("it lists members");
        assert_eq!((page.users.len(), page.next, page.all_readable), (members, next, true));
    }
    let keyless = r#"{"expand":"user","users":[{"name":"Jane"},{"key":"1:a"},{"name":"joe","key":7}]}"#;
    let stub = Stub::answering([ok(keyless)]).await;
    let page = stub.client(Product::Crowd).members(&group, 0).await.unwrap().expect("it lists members");
    assert_eq!((ids(&page), page.all_readable), (vec!["jane"], false), "a key that can't be read is not no key");
}

#[tokio::test]
async fn an_organisation_tells_no_members() {
    let stub = Stub::answering([]).await;
    assert_eq!(stub.client(Product::AtlassianOrg).members(&GroupName::new("staff"), 0).await, Ok(None));
    assert!(stub.lines().is_empty());
}

#[tokio::test]
async fn administrators_are_read_to_the_end_and_a_list_that_breaks_off_tells_of_none() {
    for form in &FORMS[..2] {
        let page = |ids: std::ops::Range<usize>, says| ok(&(form.page)(&form.beans(ids), says));
        let missing = || std::iter::repeat_with(|| answer(404, "", "{}")).take(8);
        let whole = [page(0..4, Says::Nothing), page(4..6, Says::Nothing), page(0..0, Says::Nothing)];
        let stub = Stub::answering(whole.into_iter().chain(missing())).await;
        let found = stub.client(form.product).administrators().await.unwrap();
        let active = if form.product == Product::JiraDc { 3 } else { 6 };
        assert_eq!(found.len(), active, "{}", form.product);
        let broken = [page(0..4, Says::More(4)), page(0..0, Says::More(4))];
        let stub = Stub::answering(broken.into_iter().chain(missing())).await;
        let found = stub.client(form.product).administrators().await;
        assert!(matches!(found, Err(Error::Unreadable(_))), "{}: {found:?}", form.product);
    }
}
