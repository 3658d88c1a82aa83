//! What each Confluence is asked, word by word, and the answers that differ by version.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    domain::{AccountType, EmailAddress, GroupName, Product, Step, UserId, UserRef},
    products::{
        Client, Completeness, Disposition, Error, User,
        stub::{Reply, Stub, answer, ok},
    },
};

const DC: Product = Product::ConfluenceDc;
const CLOUD: Product = Product::ConfluenceCloud;
const NO_GROUPS: &str = r#"{"results":[],"_links":{}}"#;

fn jane() -> User {
    User { name: Some("jane doe".to_owned()), groups: Some([].into()), ..User::new(UserId::new("KEY:1")) }
}

fn id(text: &str) -> UserRef {
    UserRef::Id(UserId::new(text))
}

async fn stub(product: Product, replies: Vec<Reply>) -> (Stub, Arc<dyn Client>) {
    let stub = Stub::answering(replies).await;
    let client = stub.client(product);
    (stub, client)
}

#[tokio::test]
async fn data_center_tells_a_user_by_key_or_by_name_with_all_pages_of_groups() {
    let bean =
        r#"{"type":"known","username":"J Doe","userKey":"4028d0","displayName":"Jane","status":"current","_links":{}}"#;
    let first = r#"{"results":[{"type":"group","name":"Staff"}],"start":0,"limit":1,"size":1,
        "_links":{"next":"/rest/api/user/memberof?key=4028d0&limit=1&start=1"}}"#;
    let second = r#"{"results":[{"name":"eng"}],"start":1,"limit":1,"size":1}"#;
    let replies = || [ok(bean), ok(first), ok(second)];
    let (stub, client) = stub(DC, replies().into_iter().chain(replies()).collect()).await;
    let by_key = client.user(&id("4028d0")).await.unwrap();
    assert_eq!((by_key.name.as_deref(), by_key.active, &by_key.email), (Some("J Doe"), Some(true), &None));
    assert_eq!(by_key.groups, Some(["staff", "eng"].map(GroupName::new).into()));
    assert_eq!(by_key.account_type, Some(AccountType::Person));
    assert_eq!(client.user(&UserRef::Name("j doe".to_owned())).await, Ok(by_key));
    assert_eq!(
        stub.lines()[..4],
        [
            "GET /rest/api/user?key=4028d0&expand=status",
            "GET /rest/api/user/memberof?key=4028d0&start=0&limit=200",
            "GET /rest/api/user/memberof?key=4028d0&start=1&limit=200",
            "GET /rest/api/user?username=j%20doe&expand=status",
        ]
    );
}

#[tokio::test]
async fn an_address_is_read_where_data_center_tells_it_and_an_odd_state_is_unknown() {
    let bean = r#"{"username":"j","userKey":"k","email":"jane@acme.example","status":{"x":1}}"#;
    let (_stub, client) = stub(DC, vec![ok(bean), ok(NO_GROUPS)]).await;
    let jane = client.user(&id("k")).await.unwrap();
    assert_eq!((jane.email, jane.active), (EmailAddress::parse("jane@acme.example"), None));
}

#[tokio::test]
async fn a_user_who_was_there_once_is_not_there() {
    for (product, bean) in [
        (DC, r#"{"type":"unknown","username":"jdoe","userKey":"k","displayName":"Unknown User (jdoe)"}"#),
        (CLOUD, r#"{"type":"unknown","accountId":"k"}"#),
    ] {
        let (_stub, client) = stub(product, vec![ok(bean)]).await;
        assert_eq!(client.user(&id("k")).await, Err(Error::NoSuchUser), "{product}");
    }
}

#[tokio::test]
async fn an_answer_that_names_nobody_or_somebody_else_is_not_about_the_user() {
    for (product, bean) in [
        (DC, r#"{"type":"known","displayName":"Jane"}"#),
        (CLOUD, r#"{"type":"known","accountId":null}"#),
        (CLOUD, r#"{"type":"known","accountId":"other"}"#),
    ] {
        let (_stub, client) = stub(product, vec![ok(bean)]).await;
        let read = client.user(&id("k")).await;
        assert!(matches!(read, Err(Error::Unreadable(_) | Error::Intercepted { .. })), "{product}: {bean}");
    }
}

#[tokio::test]
async fn whoever_is_taken_for_nobody_has_the_wrong_credentials() {
    let nobody = || ok(r#"{"type":"anonymous","displayName":"Anonymous","profilePicture":{}}"#);
    for product in [DC, CLOUD] {
        let (_stub, client) = stub(product, vec![nobody(), nobody()]).await;
        let probed = client.probe().await.map_err(|error| error.disposition());
        let myself = client.myself().await.map_err(|error| error.disposition());
        assert_eq!((probed, myself), (Err(Disposition::Halt), Err(Disposition::Halt)), "{product}");
    }
}

#[tokio::test]
async fn names_in_paths_are_one_segment_each() {
    let step = Step::AddGroup(GroupName::new("R&D/x"));
    let who = || ok(r#"{"type":"known","userKey":"KEY:1","username":"jane doe"}"#);
    let done = || answer(204, "", "");
    let (stub, client) = stub(DC, vec![done(), who(), done(), who(), done()]).await;
    assert_eq!(client.make_so(&jane(), &step).await, Ok(()));
    assert_eq!(client.make_so(&jane(), &Step::Deactivate).await, Ok(()));
    assert_eq!(client.make_so(&jane(), &Step::InvalidatePassword { send_reset_link: false }).await, Ok(()));
    assert_eq!(
        stub.lines(),
        [
            "PUT /rest/api/user/jane%20doe/group/R%26D%2Fx",
            "GET /rest/api/user?key=KEY%3A1&expand=status",
            "PUT /rest/api/admin/user/jane%20doe/disable",
            "GET /rest/api/user?key=KEY%3A1&expand=status",
            "POST /rest/api/admin/user/jane%20doe/password",
        ]
    );
    let sent: Value = serde_json::from_str(stub.asked()[4].split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(sent["password"].as_str().unwrap().len() > 40);
}

#[tokio::test]
async fn what_is_not_known_of_an_accounts_state_is_asked_for() {
    let (_stub, client) = stub(DC, Vec::new()).await;
    let (current, disabled) = (User { active: Some(true), ..jane() }, User { active: Some(false), ..jane() });
    for (user, deactivated, reactivated) in [(jane(), false, false), (current, false, true), (disabled, true, false)] {
        assert_eq!(client.is_so(&user, &Step::Deactivate).await, Ok(Some(deactivated)));
        assert_eq!(client.is_so(&user, &Step::Reactivate).await, Ok(Some(reactivated)));
    }
}

#[tokio::test]
async fn a_confluence_that_can_not_list_its_users_says_since_when_it_can() {
    let (stub, client) = stub(DC, vec![answer(404, "", r#"{"status-code":404,"message":"null for uri"}"#)]).await;
    let Err(Error::Refused { status: 404, message }) = client.users(None).await else { panic!("not refused") };
    assert!(message.contains("8.4"), "{message}");
    assert_eq!(stub.lines(), ["GET /rest/api/user/list?start=0&limit=200&expand=status"]);
}

#[tokio::test]
async fn the_list_goes_on_where_the_link_says_and_ends_where_there_is_none() {
    let page = |key: &str, links: &str| ok(&format!(r#"{{"results":[{{"userKey":"{key}"}}],"_links":{{{links}}}}}"#));
    let next = r#""next":"http://host/rest/api/user/list?limit=200&start=200""#;
    let (stub, client) = stub(DC, vec![page("a", next), page("b", "")]).await;
    let first = client.users(None).await.unwrap();
    let second = client.users(first.next.as_deref()).await.unwrap();
    assert_eq!((second.users[0].0.as_str(), second.next), ("b", None));
    assert_eq!(stub.lines()[1], "GET /rest/api/user/list?start=200&limit=200&expand=status");
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_comes_to_an_end() {
    let page = || ok(r#"{"results":[{"userKey":"a"}],"_links":{"next":"/x?start=200"}}"#);
    let (_stub, client) = stub(DC, vec![page(), page()]).await;
    let first = client.users(None).await.unwrap();
    assert!(matches!(client.users(first.next.as_deref()).await, Err(Error::Unreadable(_))));
    let endless = || ok(r#"{"results":[{"name":"x"}],"_links":{"next":"/x?start=0"}}"#);
    let (_stub, client) = stub(DC, vec![endless(), endless()]).await;
    assert!(matches!(client.groups_like("a").await, Err(Error::Unreadable(_))));
}

#[tokio::test]
async fn a_search_in_cloud_that_ends_after_10_000_users_says_that_there_may_be_more() {
    let users =
        (0..200).map(|number| format!(r#"{{"user":{{"accountId":"{number}"}}}}"#)).collect::<Vec<_>>().join(",");
    let page = || ok(&format!(r#"{{"results":[{users}],"_links":{{}}}}"#));
    let (_stub, client) = stub(CLOUD, vec![page(), page()]).await;
    let before = client.users(Some("linked:48:00:0.:9600")).await.unwrap();
    assert_eq!(before.completeness, Completeness::Proved);
    let at_the_end = client.users(Some("linked:49:00:0.:9800")).await.unwrap().completeness;
    assert!(at_the_end.why().unwrap().contains("10,000 users"), "{at_the_end:?}");
}

#[tokio::test]
async fn cloud_finds_users_by_a_search_for_all_of_them() {
    let found = r#"{"results":[{"user":{"type":"known","accountId":"a:1","accountType":"app","email":""}},{"title":"?"}],
        "start":0,"limit":200,"size":2,"_links":{}}"#;
    let (stub, client) = stub(CLOUD, vec![ok(found)]).await;
    let page = client.users(None).await.unwrap();
    assert_eq!(page.users.len(), 1);
    assert_eq!(page.users[0].1.account_type, Some(AccountType::Other("app".to_owned())));
    let query = "cql=type%3Duser&start=0&limit=200&sitePermissionTypeFilter=all";
    assert_eq!(stub.lines(), [format!("GET /wiki/rest/api/search/user?{query}")]);
}

#[tokio::test]
async fn cloud_finds_a_group_by_its_whole_name_on_any_page_and_remembers_its_id() {
    let page = |names: &str, links: &str| ok(&format!(r#"{{"results":[{names}],"_links":{{{links}}}}}"#));
    let replies = vec![
        page(r#"{"id":"g1","name":"staff-old"}"#, r#""next":"/rest/api/group/picker?start=200""#),
        page(r#"{"id":"g2","name":"Staff"}"#, ""),
        answer(201, "", ""),
        answer(204, "", ""),
        ok(r#"{"type":"known","accountId":"KEY:1"}"#),
        ok(NO_GROUPS),
    ];
    let (stub, client) = stub(CLOUD, replies).await;
    for step in [Step::AddGroup(GroupName::new("staff")), Step::RemoveGroup(GroupName::new("staff"))] {
        assert_eq!(client.make_so(&jane(), &step).await, Ok(()));
    }
    assert_eq!(
        stub.lines()[..4],
        [
            "GET /wiki/rest/api/group/picker?query=staff&start=0&limit=200",
            "GET /wiki/rest/api/group/picker?query=staff&start=200&limit=200",
            "POST /wiki/rest/api/group/userByGroupId?groupId=g2",
            "DELETE /wiki/rest/api/group/userByGroupId?groupId=g2&accountId=KEY%3A1",
        ]
    );
}

#[tokio::test]
async fn whoever_is_still_in_the_group_after_a_good_answer_was_not_taken_out_of_it() {
    let known = r#"{"type":"known","accountId":"KEY:1","userKey":"KEY:1","username":"jane doe"}"#;
    let staff = r#"{"results":[{"id":"g","name":"Staff"}],"_links":{}}"#;
    let user = User { groups: Some([GroupName::new("staff")].into()), ..jane() };
    for (product, find) in [(DC, None), (CLOUD, Some(staff))] {
        for step in [Step::RemoveGroup(GroupName::new("staff")), Step::RemoveAllGroups] {
            for (groups, stays) in [(staff, true), (NO_GROUPS, false)] {
                let replies = find.into_iter().map(ok).chain([answer(204, "", ""), ok(known), ok(groups)]);
                let (_stub, client) = stub(product, replies.collect()).await;
                let asked = client.make_so(&user, &step).await.map_err(|error| error.disposition());
                let expected = if stays { Err(Disposition::ReadThenGiveUp) } else { Ok(()) };
                assert_eq!(asked, expected, "{product} {step:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_500_where_somebody_is_added_says_that_no_licence_may_be_free() {
    let group = ok(r#"{"results":[{"id":"g","name":"staff"}]}"#);
    let full =
        answer(500, "", r#"{"statusCode":500,"data":{},"message":"HystrixRuntimeException: AddUserToGroups… failed"}"#);
    let (_stub, client) = stub(CLOUD, vec![group, full]).await;
    let error = client.make_so(&jane(), &Step::AddGroup(GroupName::new("staff"))).await.unwrap_err();
    assert!(error.to_string().contains("no licence is free"), "{error}");
    assert_eq!(error.disposition(), Disposition::ReadThenRetry(None));
}

#[tokio::test]
async fn a_402_says_that_no_licence_is_free() {
    for said in [r#"{"statusCode":402,"message":"Lizenz ausgeschöpft","reason":"Payment Required"}"#, ""] {
        let (_stub, client) = stub(DC, vec![answer(402, "", said)]).await;
        let asked = client.make_so(&jane(), &Step::Reactivate).await;
        let Err(Error::Refused { status: 402, message }) = asked else { panic!("{asked:?}") };
        assert!(message.starts_with("no licence is free: "), "{message}");
    }
}

#[tokio::test]
async fn a_base_url_that_goes_on_to_confluence_is_the_site_all_the_same() {
    let nobody = || ok(r#"{"type":"known","accountId":"a"}"#);
    let stub = Stub::answering([nobody(), nobody()]).await;
    for base in ["", "/wiki/"] {
        let base = format!("http://{}{base}", stub.address);
        let client = crate::products::stub::client(&base, CLOUD, crate::metrics::Metrics::new().unwrap());
        assert_eq!(client.myself().await, Ok(Some(UserId::new("a"))));
    }
    assert_eq!(stub.lines(), ["GET /wiki/rest/api/user/current"; 2]);
}
