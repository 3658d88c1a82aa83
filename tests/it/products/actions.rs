//! What each action does on each product: it takes effect, once more does no harm, and what stands in its way is told.

use usher::{
    domain::{ActionKind, GroupName, Product, Step},
    products::{Disposition, Error},
    sandbox::{ADMIN_GROUP, Account, Application, Effect, Fault, When},
};

use super::{
    ALL, Bench, JANE, JIRAS, STAFF, jane_of,
    quirks::Quirks,
    scene::{before, changes, done, jane, pairs, possible, steps},
};

#[tokio::test]
async fn each_step_takes_effect_and_is_seen_to() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        assert_eq!(bench.is_so(&step).await, Some(false), "{product} {step:?}");
        assert_eq!(bench.client.make_so(&bench.jane().await, &step).await, Ok(()), "{product} {step:?}");
        assert_eq!(bench.is_so(&step).await, done(&step), "{product} {step:?}");
        assert!(!changes(&bench).is_empty(), "{product} {step:?}");
    }
}

#[tokio::test]
async fn each_step_does_what_it_says_and_nothing_else() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        bench.client.make_so(&bench.jane().await, &step).await.expect("done");
        let mut made: Vec<String> = changes(&bench)
            .iter()
            .map(|one| one.trim_start_matches(&format!("{product} {JANE} ")).to_owned())
            .collect();
        made.sort();
        let expected: &[&str] = match step.kind() {
            ActionKind::AddGroups => &["+new by usher"],
            ActionKind::RemoveGroups => &["-Staff & Co by usher"],
            ActionKind::RemoveAllGroups => &["-Staff & Co by usher", "-developers by usher", "-everybody by usher"],
            ActionKind::RemoveApplicationAccess => &["-developers by usher", "-everybody by usher"],
            ActionKind::Deactivate | ActionKind::Reactivate | ActionKind::Rename => &["updated by usher"],
            ActionKind::Delete => &["deleted by usher"],
            ActionKind::InvalidatePassword => &["password changed by usher"],
            ActionKind::CreateIssue => {
                assert!(made.len() == 1 && made[0].ends_with(" created OPS-1 by usher"), "{made:?}");
                continue;
            }
        };
        assert_eq!(made, expected, "{product} {step:?}");
    }
}

#[tokio::test]
async fn asked_for_again_a_step_does_no_harm() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        let jane = bench.jane().await;
        bench.client.make_so(&jane, &step).await.expect("done");
        let made = changes(&bench);
        if matches!(step, Step::InvalidatePassword { .. } | Step::CreateIssue(_)) {
            continue; // another password, and an issue that is looked for first
        }
        for user in [Some(jane), bench.client.user(&jane_of(product)).await.ok()] {
            let Some(user) = user else { continue };
            let again = bench.client.make_so(&user, &step).await.map_err(|error| error.disposition());
            let gone = step == Step::Delete && again == Err(Disposition::GiveUp); // no such user any more
            assert!(
                gone || matches!(again, Ok(()) | Err(Disposition::ReadThenGiveUp)),
                "{product} {step:?}: {again:?}"
            );
        }
        assert_eq!(bench.is_so(&step).await, done(&step), "{product} {step:?}");
        assert_eq!(changes(&bench), made, "{product} {step:?}");
    }
}

#[tokio::test]
async fn a_user_who_is_gone_is_no_reason_to_try_again() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        let jane = bench.jane().await;
        bench.sandbox.delete_user(product, JANE);
        let asked = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
        match step {
            Step::CreateIssue(_) => assert_eq!(asked, Ok(()), "{product} {step:?}"),
            _ => assert!(
                matches!(asked, Err(Disposition::GiveUp | Disposition::ReadThenGiveUp)),
                "{product} {step:?}: {asked:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_directory_that_is_read_only_fails_the_step_and_does_not_stop_the_source() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        let was = bench.jane().await;
        let account = if was.active == Some(false) { jane().inactive() } else { jane() };
        bench.sandbox.put_user(product, account.read_only());
        for group in ["new", STAFF, "developers", "everybody"].iter().filter(|_| product == Product::AtlassianOrg) {
            assert!(bench.sandbox.sync_group(product, group)); // there it is groups that can't be written to, or accounts
        }
        let asked = bench.client.make_so(&was, &step).await;
        if matches!(step, Step::CreateIssue(_)) {
            assert_eq!(asked, Ok(()));
        } else {
            let known = |status| Quirks::of(product).read_only.contains(&status);
            let refused = matches!(asked, Err(Error::Refused { status, .. }) if known(status));
            assert!(refused, "{product} {step:?}: {asked:?}");
            assert_eq!((bench.is_so(&step).await, changes(&bench).len()), (Some(false), 0), "{product} {step:?}");
        }
    }
}

#[tokio::test]
async fn an_account_that_has_lost_its_rights_stops_the_source() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        let jane = bench.jane().await;
        let usher = bench.sandbox.users(product)[0].account.id.clone();
        if product != Product::AtlassianOrg {
            bench.sandbox.remove_member(product, &usher, ADMIN_GROUP).expect("both are there");
        }
        if product == Product::AtlassianOrg {
            bench.sandbox.inject(Fault::new(Effect::Forbidden)); // the key itself has lost them
        }
        bench.strike_changes(product, Effect::Forbidden, When::Always);
        let asked = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
        let told = Quirks::of(product).tells_rights;
        let expected = if told { Disposition::Halt } else { Disposition::ReadThenGiveUp };
        assert_eq!(asked, Err(expected), "{product} {step:?}");
        assert_eq!(changes(&bench).len(), 0, "{product} {step:?}");
    }
}

#[tokio::test]
async fn what_a_product_can_not_do_is_what_its_table_says() {
    for product in ALL.iter().copied() {
        for step in steps(product) {
            let bench = before(product, &step);
            let asked = bench.client.make_so(&bench.jane().await, &step).await;
            let refused = matches!(asked, Err(Error::NotSupported(_)));
            assert_eq!(refused, !possible(product, &step), "{product} {step:?}: {asked:?}");
        }
    }
}

#[tokio::test]
async fn a_delete_that_is_refused_leaves_the_user_as_it_was() {
    for product in ALL.iter().copied().filter(|product| possible(*product, &Step::Delete)) {
        let bench = before(product, &Step::Delete);
        bench.sandbox.put_user(product, jane().undeletable());
        let asked = bench.client.make_so(&bench.jane().await, &Step::Delete).await;
        // Some say so beforehand, and are not asked.
        let known = Quirks::of(product).undeletable;
        let refused = match &asked {
            Err(Error::Refused { status, .. }) => Some(*status) == known,
            Err(Error::NotSupported(_)) => known.is_none(),
            _ => false,
        };
        assert!(refused, "{product}: {asked:?}");
        assert_eq!(bench.jane().await.groups.map(|groups| groups.len()), Some(3), "{product}");
    }
}

#[tokio::test]
async fn a_404_to_a_delete_is_no_proof_that_the_user_is_gone() {
    for product in ALL.iter().copied().filter(|product| possible(*product, &Step::Delete)) {
        let bench = before(product, &Step::Delete);
        let jane = bench.jane().await;
        let missing = Effect::Fail { status: 404, retry_after: None, after_work: false };
        bench.strike_changes(product, missing, When::Always);
        let asked = bench.client.make_so(&jane, &Step::Delete).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(Disposition::ReadThenGiveUp), "{product}");
        assert_eq!((bench.is_so(&Step::Delete).await, changes(&bench).len()), (Some(false), 0), "{product}");
    }
}

#[tokio::test]
async fn a_group_that_is_gone_meanwhile_or_was_left_already_stops_nothing() {
    for product in ALL.iter().copied() {
        for step in [Step::RemoveAllGroups, Step::RemoveApplicationAccess(Vec::new())] {
            if !possible(product, &step) {
                continue;
            }
            let bench = before(product, &step);
            bench.sandbox.put_application(product, Application::new("other", &[STAFF]));
            let jane = bench.jane().await;
            assert!(bench.sandbox.delete_group(product, "developers"));
            bench.sandbox.remove_member(product, JANE, STAFF).expect("both are there");
            assert_eq!(bench.client.make_so(&jane, &step).await, Ok(()), "{product} {step:?}");
            assert_eq!(bench.jane().await.groups, Some([].into()), "{product} {step:?}");
        }
    }
}

#[tokio::test]
async fn access_is_taken_from_the_named_applications_or_from_all() {
    for product in JIRAS {
        let bench = before(product, &Step::RemoveAllGroups);
        bench.sandbox.add_member(product, JANE, "agents").expect("both are there");
        let keys = |keys: &[&str]| Step::RemoveApplicationAccess(keys.iter().map(|key| (*key).to_owned()).collect());
        let desk = keys(&["jira-servicedesk"]);
        bench.client.make_so(&bench.jane().await, &desk).await.expect("done");
        let jane = bench.jane().await;
        assert_eq!(jane.applications, Some(["jira-software".to_owned()].into()), "{product}");
        assert_eq!(bench.client.is_so(&jane, &desk).await, Ok(Some(true)));
        assert_eq!(bench.client.is_so(&jane, &keys(&[])).await, Ok(Some(false)));
        bench.client.make_so(&jane, &keys(&[])).await.expect("done");
        let jane = bench.jane().await;
        assert_eq!(
            (jane.groups, jane.applications),
            (Some([GroupName::new(STAFF)].into()), Some([].into())),
            "{product}"
        );
        let misspelt = bench.client.is_so(&bench.jane().await, &keys(&["jira-sofware"])).await;
        assert!(matches!(misspelt, Err(Error::Refused { status: 404, .. })), "{product}: {misspelt:?}");
        let read = bench
            .sandbox
            .requests()
            .iter()
            .filter(|one| one.path.contains("applicationrole"))
            .map(|one| one.count)
            .sum::<u64>();
        assert_eq!(read, 1, "{product}: it is remembered for a while");
    }
}

#[tokio::test]
async fn who_may_use_confluence_by_themselves_loses_that_too() {
    let product = Product::ConfluenceDc;
    let step = Step::RemoveApplicationAccess(Vec::new());
    let bench = Bench::new(product);
    bench.sandbox.put_application(product, Application::new("confluence", &[STAFF]).users(&[JANE]));
    assert_eq!(bench.is_so(&step).await, Some(false));
    assert_eq!(bench.client.make_so(&bench.jane().await, &step).await, Ok(()));
    assert_eq!(bench.is_so(&step).await, Some(true));
    assert_eq!(changes(&bench), [format!("{product} {JANE} access revoked by usher")]);
    let elsewhere = Step::RemoveApplicationAccess(vec!["jira-software".to_owned()]);
    let asked = bench.client.make_so(&bench.jane().await, &elsewhere).await;
    assert!(matches!(asked, Err(Error::Refused { status: 404, .. })), "{asked:?}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_the_key_stays() {
    let product = Product::JiraDc;
    let rename = Step::Rename { suffix: "-Inactive".to_owned() };
    let bench = before(product, &rename);
    bench.sandbox.put_user(product, Account::new("id:2", "jane doe+x-inactive"));
    let asked = bench.client.make_so(&bench.jane().await, &rename).await;
    assert!(matches!(asked, Err(Error::Refused { status: 400, .. })), "{asked:?}");
    bench.sandbox.delete_user(product, "id:2");
    bench.client.make_so(&bench.jane().await, &rename).await.expect("done");
    assert_eq!(bench.jane().await.name.as_deref(), Some("jane doe+x-Inactive"));
}

#[test]
fn every_kind_of_action_is_tried() {
    for product in ALL.iter().copied() {
        assert_eq!(steps(product).map(|step| step.kind()), ActionKind::ALL);
    }
}
