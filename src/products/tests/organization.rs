//! What an Atlassian organisation is asked, and what is read from its answers.

use std::collections::BTreeSet;

use crate::{
    domain::{AccountType, EmailAddress, GroupName, Product, Step, UserId, UserRef},
    products::{
        Disposition, Error, User,
        stub::{Stub, answer, ok},
    },
};

const DIRECTORIES: &str = r#"{"data":[{"directoryId":"d1","name":"Main"}],"links":{"self":"c"}}"#;
const MANAGED: &str = r#"{"data":[{"accountId":"7:j","accountStatus":"active","membershipStatus":"active",
    "claimStatus":"managed"}],"links":{}}"#;
const NO_GROUPS: &str = r#"{"data":[],"links":{"self":"c","next":""}}"#;

fn jane() -> UserRef {
    UserRef::Id(UserId::new("7:j"))
}

async fn stub(bodies: &[&str]) -> Stub {
    Stub::answering([DIRECTORIES].iter().chain(bodies).map(|body| ok(body))).await
}

async fn read(bodies: &[&str]) -> Result<User, Error> {
    stub(bodies).await.client(Product::AtlassianOrg).user(&jane()).await
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").expect("a body").1
}

#[tokio::test]
async fn a_user_is_searched_for_by_id_and_their_groups_by_themselves_page_by_page() {
    let bean = r#"{"data":[{"accountId":"7:j","accountType":"atlassian","accountStatus":"active",
        "membershipStatus":"active","claimStatus":"unmanaged","email":"jane@acme.example","platformRoles":null,
        "productAccess":[{"id":"1","key":"jira","lastActiveTimestamp":"2026-03-01T10:00:00Z"},{"id":"2","key":"x"},
        {"id":"3","key":"y","lastActiveTimestamp":"2026-03-02T10:00:00Z"}],"somethingNew":{}}]}"#;
    let first = r#"{"data":[{"id":"g1","name":"Staff"}],"links":{"next":"c2"}}"#;
    let second = r#"{"data":[{"id":"g2","name":"eng","managedBy":"external"}],"links":{}}"#;
    let stub = stub(&[bean, first, second]).await;
    let user = stub.client(Product::AtlassianOrg).user(&jane()).await.unwrap();
    let groups: BTreeSet<GroupName> = ["staff", "eng"].map(GroupName::new).into();
    assert_eq!((user.groups, user.directory.as_deref()), (Some(groups), Some("Main")));
    assert_eq!((user.email, user.active), (EmailAddress::parse("jane@acme.example"), Some(true)));
    assert_eq!((user.account_type, user.administers), (Some(AccountType::Person), None));
    assert_eq!(user.last_login, "2026-03-02T10:00:00Z".parse().ok(), "the latest");
    let within = "POST /admin/v2/orgs/o-1/directories/d1";
    assert_eq!(
        stub.lines(),
        [
            "GET /admin/v2/orgs/o-1/directories?limit=100".to_owned(),
            format!("{within}/users/search"),
            format!("{within}/groups/search"),
            format!("{within}/groups/search"),
        ]
    );
    let asked = stub.asked();
    assert_eq!(body(&asked[1]), r#"{"accountIds":["7:j"],"expand":["platformRoles","productAccess"],"limit":1}"#);
    assert_eq!((body(&asked[2]), body(&asked[3])), (r#"{"accountIds":["7:j"],"limit":100}"#, r#"{"cursor":"c2"}"#));
}

#[tokio::test]
async fn what_is_not_told_is_unknown_and_who_is_about_another_account_is_not_believed() {
    let user = read(&[r#"{"data":[{"accountId":"7:j"}]}"#, NO_GROUPS]).await.unwrap();
    assert_eq!((user.active, user.email, user.created, user.last_login), (None, None, None, None));
    let other = read(&[r#"{"data":[{"accountId":"7:k"}]}"#]).await;
    assert!(matches!(other, Err(Error::Intercepted { .. })), "{other:?}");
}

#[tokio::test]
async fn who_is_closed_or_for_deletion_or_nobodys_is_not_there() {
    for fields in [
        r#""accountStatus":"closed""#,
        r#""accountStatus":"inactive","status":"for_deletion""#,
        r#""claimStatus":"unmanaged","membershipStatus":"no_membership""#,
    ] {
        let page = format!(r#"{{"data":[{{"accountId":"7:j",{fields}}}]}}"#);
        assert_eq!(read(&[&page]).await, Err(Error::NoSuchUser), "{fields}");
    }
    assert_eq!(read(&[r#"{"data":[]}"#]).await, Err(Error::NoSuchUser));
}

#[tokio::test]
async fn access_to_what_is_not_told_to_be_an_applications_is_access_where_all_is_meant() {
    let owned_by_nobody = r#"{"data":[{"resourceId":"ari:1","roleAssignments":[
        {"role":"atlassian/user","roleAssignmentMethods":["direct"]}]}],"links":{}}"#;
    let any_group = r#"{"data":[{"id":"g1","name":"Staff"}],"links":{}}"#;
    for (applications, is_so) in [(&[][..], false), (&["jira".to_owned()], true)] {
        let stub = stub(&[owned_by_nobody, any_group]).await;
        let step = Step::RemoveApplicationAccess(applications.to_vec());
        let asked = stub.client(Product::AtlassianOrg).is_so(&User::new(UserId::new("7:j")), &step).await;
        assert_eq!(asked, Ok(Some(is_so)), "{applications:?}");
    }
}

#[tokio::test]
async fn of_those_who_are_gone_a_list_names_the_accounts_of_the_organisation_whose_deletion_may_be_cancelled() {
    let list = r#"{"data":[
        {"accountId":"7:j","accountStatus":"active","membershipStatus":"active","claimStatus":"managed"},
        {"accountId":"7:d","accountStatus":"inactive","membershipStatus":"active","claimStatus":"managed","status":"for_deletion"},
        {"accountId":"7:n","accountStatus":"active","membershipStatus":"no_membership","claimStatus":"unmanaged"}],"links":{}}"#;
    let page = stub(&[list]).await.client(Product::AtlassianOrg).users(None).await.unwrap();
    assert_eq!(page.users.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>(), ["7:j"]);
    assert_eq!(page.leaving, [UserId::new("7:d")]);
}

#[tokio::test]
async fn a_list_of_groups_that_goes_nowhere_is_given_up() {
    let again = r#"{"data":[{"id":"g1","name":"Staff"}],"links":{"next":"c2"}}"#;
    let user = read(&[MANAGED, again, again]).await;
    assert!(matches!(user, Err(Error::Unreadable(_))), "{user:?}");
}

#[tokio::test]
async fn before_an_account_is_changed_it_is_asked_whether_it_may_be() {
    let stub = stub(&[MANAGED, r#"{"profile.read":{"allowed":true}}"#, ""]).await;
    let user = User { active: Some(true), ..User::new(UserId::new("7:j")) };
    assert_eq!(stub.client(Product::AtlassianOrg).make_so(&user, &Step::Deactivate).await, Ok(()));
    let lines = stub.lines();
    assert_eq!(lines[2], "GET /users/7%3Aj/manage?privileges=lifecycle.enablement");
    assert_eq!(lines[3], "POST /users/7%3Aj/manage/lifecycle/disable", "what is not told is left to the call itself");
    assert_eq!(body(&stub.asked()[3]), "{}", "the body is needed");
}

#[tokio::test]
async fn an_account_of_which_is_not_told_whether_it_is_managed_is_left_alone() {
    let stub = stub(&[r#"{"data":[{"accountId":"7:j","accountStatus":"active"}]}"#]).await;
    let asked = stub.client(Product::AtlassianOrg).make_so(&User::new(UserId::new("7:j")), &Step::Deactivate).await;
    assert!(matches!(asked, Err(Error::Unreadable(_))), "{asked:?}");
    assert_eq!(stub.lines().len(), 2);
}

#[tokio::test]
async fn a_key_that_may_read_the_organisation_and_not_manage_it_stops_the_source() {
    let group = r#"{"data":[{"id":"g1","name":"Staff"}]}"#;
    for (code, expected) in [("ADMIN-403-3", Disposition::Halt), ("ADMIN-403-5", Disposition::ReadThenGiveUp)] {
        let refused = answer(403, "", &format!(r#"{{"errors":[{{"code":"{code}","detail":"Nein"}}]}}"#));
        let stub = Stub::answering([ok(DIRECTORIES), ok(group), refused, ok("{}")]).await;
        let step = Step::AddGroup(GroupName::new("staff"));
        let asked = stub.client(Product::AtlassianOrg).make_so(&User::new(UserId::new("7:j")), &step).await;
        assert_eq!(asked.map_err(|error| error.disposition()), Err(expected), "{code}");
        assert_eq!(stub.lines().len(), 3, "{code}: it is clear enough");
    }
}

#[tokio::test]
async fn a_refusals_code_is_told_and_the_user_is_not() {
    let full =
        r#"{"errors":[{"status":"409","code":"ADMIN-409-3","title":"T","detail":"7:j passt nicht mehr hinein"}]}"#;
    let group = r#"{"data":[{"id":"g1","name":"Staff"}]}"#;
    let stub = Stub::answering([ok(DIRECTORIES), ok(group), answer(409, "", full)]).await;
    let step = Step::AddGroup(GroupName::new("staff"));
    let asked = stub.client(Product::AtlassianOrg).make_so(&User::new(UserId::new("7:j")), &step).await;
    let Err(Error::Refused { status: 409, message }) = asked else { panic!("{asked:?}") };
    assert_eq!(message, "ADMIN-409-3, the user limit of an application is reached: … passt nicht mehr hinein");
}
