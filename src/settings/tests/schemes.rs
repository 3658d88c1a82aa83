//! Making, changing and deleting schemes.

use super::*;

#[tokio::test]
async fn a_stored_scheme_is_asked_behind_those_of_the_file_as_soon_as_it_is_stored() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    assert_eq!(asked(settings), ["z-file"]);
    for name in ["c", "a"] {
        settings.create_text(&text(name, "g"), who("ann")).await.expect("stored");
    }
    assert_eq!(asked(settings), ["z-file", "a", "c"]);
    let ids: Vec<_> = settings.list().into_iter().map(|listed| listed.id.to_string()).collect();
    assert_eq!(ids, ["z-file", "b-file", "a", "c"]);

    let before = settings.get(&id("a")).expect("it is there");
    let off = text("a", "g").replace("trigger", "enabled: false, trigger");
    settings.replace_text(&id("a"), &off, &tag(&before), who("ann")).await.expect("stored");
    assert_eq!(asked(settings), ["z-file", "c"]);
    settings.delete(&id("c"), &IfMatch::Any, who("ann")).await.expect("deleted");
    assert_eq!(asked(settings), ["z-file"]);
}

#[tokio::test]
async fn a_change_of_what_is_no_longer_so_is_refused() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let first = settings.create_text(&text("a", "one"), who("ann")).await.expect("stored");
    let second = settings.replace_text(&id("a"), &text("a", "two"), &tag(&first), who("ann")).await.expect("stored");
    let refused = settings.replace_text(&id("a"), &text("a", "three"), &tag(&first), who("ben")).await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
    assert!(matches!(settings.delete(&id("a"), &tag(&first), who("ben")).await, Err(Error::Stale)));

    // The content is the first one again, but the state is another one.
    let third = settings.replace_text(&id("a"), &text("a", "one"), &tag(&second), who("ann")).await.expect("stored");
    assert_eq!(third.version, first.version);
    let refused = settings.replace_text(&id("a"), &text("a", "three"), &tag(&first), who("ben")).await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
}

#[tokio::test]
async fn storing_what_is_stored_already_changes_nothing() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let first = replica.settings.create_text(&text("a", "one"), who("ann")).await.expect("stored");
    let again =
        replica.settings.replace_text(&id("a"), &text("a", "one"), &tag(&first), who("ben")).await.expect("stored");
    assert_eq!(again, first);
    assert_eq!(replica.settings.history(&id("a")).expect("a history").len(), 1);
}

#[tokio::test]
async fn the_history_tells_who_did_what_and_survives_the_scheme() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    settings.create_text(&text("a", "one"), who("ann")).await.expect("stored");
    settings.replace_text(&id("a"), &text("a", "two"), &IfMatch::Any, who("ben")).await.expect("stored");
    settings.delete(&id("a"), &IfMatch::Any, who("cat")).await.expect("deleted");
    assert_eq!(settings.get(&id("a")), None);
    settings.create_text(&text("a", "three"), who("dan")).await.expect("stored");

    let told = |settings: &Settings| {
        let history = settings.history(&id("a")).expect("a history");
        let line = |change: SchemeChange| (change.revision, change.kind, change.by.to_string());
        history.into_iter().map(line).collect::<Vec<_>>()
    };
    let expected = [
        (4, ChangeKind::Created, "dan".to_owned()),
        (3, ChangeKind::Deleted, "cat".to_owned()),
        (2, ChangeKind::Updated, "ben".to_owned()),
        (1, ChangeKind::Created, "ann".to_owned()),
    ];
    assert_eq!(told(settings), expected);
    assert!(settings.history(&id("a")).expect("a history")[1].text.contains(r#"["two"]"#), "as it was last");
    assert_eq!(told(&Replica::start(&log).await.settings), expected, "after a restart");
    assert_eq!(settings.history(&id("z-file")), Some(Vec::new()));
    assert_eq!(settings.history(&id("nothing")), None);
}

#[tokio::test]
async fn what_cant_be_used_is_refused_with_all_that_is_wrong() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let wrong = async |text: &str| match settings.create_text(text, who("ann")).await {
        Err(Error::Invalid(wrong)) => wrong,
        other => panic!("it must be refused: {other:?}"),
    };
    let problems = wrong("id: a\nsource: acme\ntriger: on_create\nselect: {}\nactions: []\n").await;
    assert!(problems.len() >= 3, "{problems:?}");
    assert!(problems.iter().any(|wrong| wrong.line == Some(3) && wrong.message.contains("`trigger`")), "{problems:?}");

    let problems = wrong(&text("a", "g").replace("acme", "globex")).await;
    assert!(problems[0].message.contains("no source `globex`; write one of: acme, cloud"), "{problems:?}");
    assert_eq!((problems[0].line, problems[0].column), (Some(1), Some(18)));

    let sleeper = "{ id: a, source: acme, trigger: manual, select: { everyone: true }, actions: [{ deactivate: {} }] }";
    settings.create_text(sleeper, who("ann")).await.expect("this product can");
    let problems = wrong(&sleeper.replace("acme", "cloud").replace("id: a", "id: b")).await;
    assert!(problems[0].message.contains("jira-cloud"), "{problems:?}");
    assert_eq!(settings.get(&id("b")), None);
}

#[tokio::test]
async fn schemes_of_the_file_are_changed_in_the_file() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let file = id("z-file");
    assert!(matches!(settings.create_text(&text("z-file", "g"), who("ann")).await, Err(Error::Exists(_))));
    let replaced = settings.replace_text(&file, &text("z-file", "g"), &IfMatch::Any, who("ann")).await;
    assert!(matches!(replaced, Err(Error::Provisioned(_))), "{replaced:?}");
    assert!(matches!(settings.delete(&file, &IfMatch::Any, who("ann")).await, Err(Error::Provisioned(_))));
}

#[tokio::test]
async fn a_scheme_of_the_file_hides_a_stored_one_of_the_same_id() {
    let log = MemoryLog::new();
    let elsewhere = CONFIG.replace("z-file", "other");
    let before = Replica::with(&log, &elsewhere).await;
    before.settings.create_text(&text("z-file", "g"), who("ann")).await.expect("stored");
    assert_eq!(asked(&before.settings), ["other", "z-file"]);
    let after = Replica::start(&log).await;
    assert_eq!(asked(&after.settings), ["z-file"]);
    assert!(after.settings.get(&id("z-file")).expect("it is there").provisioned);
    assert_eq!(after.settings.list().len(), 2);
}

#[tokio::test]
async fn a_stored_scheme_that_this_usher_cant_use_is_shown_as_broken_and_not_asked() {
    let log = MemoryLog::new();
    let before = Replica::start(&log).await;
    before.settings.create_text(&text("a", "g"), who("ann")).await.expect("stored");
    let without = CONFIG.replace("acme", "globex");
    let after = Replica::with(&log, &without).await;
    assert_eq!(asked(&after.settings), Vec::<String>::new());
    let listed = after.settings.get(&id("a")).expect("it is there");
    let Contents::Broken { text, why } = listed.contents else { panic!("its source is gone") };
    assert!(text.contains(r#""source":"acme""#) && why.contains("no source `acme`"), "{text} {why}");
    // It can be deleted nevertheless.
    after.settings.delete(&id("a"), &IfMatch::Any, who("ann")).await.expect("deleted");
    assert_eq!(after.settings.get(&id("a")), None);
}
