//! The settings of administrators.

use super::{Error, Wire, need, picked, proto};
use crate::domain::{
    Actor, BasedOn, Bulk, CancelledRun, ChangeKind, DeletedRuns, Draft, Matching, Milestone, MilestoneReached,
    OutcomesRecreated, Pausable, Pause, Pick, RunId, RunSelection, SavedFilter, SchemeChange, SchemeId, SealedSecret,
    SessionsEnded, Setting, SourceContent, SourceId, StoredScheme, StoredSource, Timestamp, WhichSessions,
};

impl Wire for Setting {
    type Message = proto::Setting;

    fn to_wire(&self) -> proto::Setting {
        let setting = match self {
            Self::Scheme(stored) => proto::setting::Setting::Scheme(proto::StoredScheme {
                id: stored.id.to_string(),
                changes: stored.changes().map(change_to_wire).collect(),
            }),
            Self::Pause(pause) => proto::setting::Setting::Pause(proto::Pause {
                of: Some(match &pause.of {
                    Pausable::Source(id) => proto::pause::Of::Source(id.to_string()),
                    Pausable::Scheme(id) => proto::pause::Of::Scheme(id.to_string()),
                }),
                paused: pause.paused,
                by: pause.by.to_string(),
                at_ms: pause.at.as_millis(),
            }),
            Self::CancelledRun(cancelled) => proto::setting::Setting::CancelledRun(proto::CancelledRun {
                run: cancelled.run.to_string(),
                by: cancelled.by.to_string(),
                at_ms: cancelled.at.as_millis(),
            }),
            Self::Draft(draft) => proto::setting::Setting::Draft(draft_to_wire(draft)),
            Self::OutcomesRecreated(recreated) => {
                let OutcomesRecreated { partition, number, decisions_until } = *recreated;
                let partition = partition.into();
                proto::setting::Setting::OutcomesRecreated(proto::OutcomesRecreated {
                    partition,
                    number,
                    decisions_until,
                })
            }
            Self::SessionsEnded(SessionsEnded { of, at }) => {
                let of = match of.clone() {
                    WhichSessions::One(id) => proto::sessions_ended::Of::Session(id),
                    WhichSessions::OfPerson(name) => proto::sessions_ended::Of::Person(name),
                };
                let at_ms = at.as_millis();
                proto::setting::Setting::SessionsEnded(proto::SessionsEnded { of: Some(of), at_ms })
            }
            Self::DeletedRuns(deleted) => proto::setting::Setting::DeletedRuns(deleted_to_wire(deleted)),
            Self::Milestone(reached) => proto::setting::Setting::Milestone(milestone_to_wire(reached)),
            Self::Source(stored) => proto::setting::Setting::Source(source_to_wire(stored.clone())),
            Self::Bulk(bulk) => proto::setting::Setting::Bulk(bulk_to_wire(bulk)),
            Self::Pick(pick) => proto::setting::Setting::Pick(pick_to_wire(pick)),
            Self::Filter(filter) => proto::setting::Setting::Filter(filter_to_wire(filter.clone())),
        };
        proto::Setting { setting: Some(setting) }
    }

    fn from_wire(message: proto::Setting) -> Result<Self, Error> {
        Ok(match need(message.setting, "setting")? {
            proto::setting::Setting::Scheme(stored) => Self::Scheme(stored_from_wire(stored)?),
            proto::setting::Setting::Pause(pause) => Self::Pause(pause_from_wire(pause)?),
            proto::setting::Setting::CancelledRun(proto::CancelledRun { run, by, at_ms }) => {
                Self::CancelledRun(CancelledRun {
                    run: RunId::new(run),
                    by: actor(&by)?,
                    at: Timestamp::from_millis(at_ms),
                })
            }
            proto::setting::Setting::Draft(draft) => Self::Draft(draft_from_wire(draft)?),
            proto::setting::Setting::OutcomesRecreated(recreated) => {
                let proto::OutcomesRecreated { partition, number, decisions_until } = recreated;
                let partition = u16::try_from(partition).map_err(|_| Error::Missing("partition"))?;
                Self::OutcomesRecreated(OutcomesRecreated { partition, number, decisions_until })
            }
            proto::setting::Setting::SessionsEnded(proto::SessionsEnded { of, at_ms }) => {
                let of = match need(of, "of")? {
                    proto::sessions_ended::Of::Session(id) => WhichSessions::One(id),
                    proto::sessions_ended::Of::Person(name) => WhichSessions::OfPerson(name),
                };
                Self::SessionsEnded(SessionsEnded { of, at: Timestamp::from_millis(at_ms) })
            }
            proto::setting::Setting::DeletedRuns(deleted) => Self::DeletedRuns(deleted_from_wire(deleted)?),
            proto::setting::Setting::Milestone(reached) => Self::Milestone(milestone_from_wire(reached)?),
            proto::setting::Setting::Source(stored) => Self::Source(source_from_wire(stored)?),
            proto::setting::Setting::Bulk(bulk) => Self::Bulk(bulk_from_wire(bulk)?),
            proto::setting::Setting::Pick(pick) => Self::Pick(pick_from_wire(pick)?),
            proto::setting::Setting::Filter(filter) => Self::Filter(filter_from_wire(filter)?),
        })
    }
}

fn milestone_to_wire(reached: &MilestoneReached) -> proto::MilestoneReached {
    let milestone = match reached.milestone {
        Milestone::Arrived => proto::Milestone::Arrived,
        Milestone::Previewed => proto::Milestone::Previewed,
        Milestone::RunRead => proto::Milestone::RunRead,
        Milestone::Dismissed => proto::Milestone::Dismissed,
    };
    proto::MilestoneReached { milestone: milestone.into(), by: reached.by.to_string(), at_ms: reached.at.as_millis() }
}

fn milestone_from_wire(message: proto::MilestoneReached) -> Result<MilestoneReached, Error> {
    let milestone = match message.milestone() {
        proto::Milestone::Arrived => Milestone::Arrived,
        proto::Milestone::Previewed => Milestone::Previewed,
        proto::Milestone::RunRead => Milestone::RunRead,
        proto::Milestone::Dismissed => Milestone::Dismissed,
        proto::Milestone::Unspecified => return Err(Error::Missing("milestone")),
    };
    let proto::MilestoneReached { by, at_ms, .. } = message;
    Ok(MilestoneReached { milestone, by: actor(&by)?, at: Timestamp::from_millis(at_ms) })
}

fn change_to_wire(change: &SchemeChange) -> proto::SchemeChange {
    let kind = match change.kind {
        ChangeKind::Created => proto::ChangeKind::Created,
        ChangeKind::Updated => proto::ChangeKind::Updated,
        ChangeKind::Deleted => proto::ChangeKind::Deleted,
    };
    proto::SchemeChange {
        kind: kind.into(),
        by: change.by.to_string(),
        at_ms: change.at.as_millis(),
        revision: change.revision,
        version: change.version.clone(),
        text: change.text.clone(),
    }
}

fn change_from_wire(message: proto::SchemeChange) -> Result<SchemeChange, Error> {
    let kind = match message.kind() {
        proto::ChangeKind::Created => ChangeKind::Created,
        proto::ChangeKind::Updated => ChangeKind::Updated,
        proto::ChangeKind::Deleted => ChangeKind::Deleted,
        proto::ChangeKind::Unspecified => return Err(Error::Missing("kind")),
    };
    let proto::SchemeChange { by, at_ms, revision, version, text, .. } = message;
    Ok(SchemeChange { kind, by: actor(&by)?, at: Timestamp::from_millis(at_ms), revision, version, text })
}

fn stored_from_wire(message: proto::StoredScheme) -> Result<StoredScheme, Error> {
    let id = scheme(message.id)?;
    let changes = message.changes.into_iter().map(change_from_wire).collect::<Result<_, _>>()?;
    need(StoredScheme::from_changes(id, changes), "changes")
}

fn pause_from_wire(message: proto::Pause) -> Result<Pause, Error> {
    let of = match need(message.of, "of")? {
        proto::pause::Of::Source(id) => Pausable::Source(SourceId::try_from(id).map_err(|_| Error::Missing("source"))?),
        proto::pause::Of::Scheme(id) => Pausable::Scheme(scheme(id)?),
    };
    Ok(Pause { of, paused: message.paused, by: actor(&message.by)?, at: Timestamp::from_millis(message.at_ms) })
}

fn deleted_to_wire(deleted: &DeletedRuns) -> proto::DeletedRuns {
    let texts = |runs: &[RunId]| runs.iter().map(RunId::to_string).collect();
    let (runs, selection) = match &deleted.runs {
        RunSelection::These(runs) => (texts(runs), None),
        RunSelection::All(matching) => (Vec::new(), Some(matching_to_wire(matching.clone()))),
    };
    proto::DeletedRuns {
        id: deleted.id.clone(),
        by: deleted.by.to_string(),
        at_ms: deleted.at.as_millis(),
        reason: deleted.reason.clone(),
        runs,
        selection,
        except: texts(&deleted.except),
    }
}

fn matching_to_wire(matching: Matching) -> proto::RunSelection {
    let Matching { before, scheme, source, kind, state, test_mode } = matching;
    let (scheme, source) = (scheme.map(String::from), source.map(String::from));
    proto::RunSelection { before_ms: before.as_millis(), scheme, source, kind, state, test_mode }
}

fn deleted_from_wire(message: proto::DeletedRuns) -> Result<DeletedRuns, Error> {
    let ids = |runs: Vec<String>| runs.into_iter().map(RunId::new).collect();
    let runs = match message.selection {
        Some(selection) => RunSelection::All(matching_from_wire(selection)?),
        None => RunSelection::These(ids(message.runs)),
    };
    let (by, at) = (actor(&message.by)?, Timestamp::from_millis(message.at_ms));
    Ok(DeletedRuns { id: message.id, by, at, reason: message.reason, runs, except: ids(message.except) })
}

/// A part that can't be read would match more runs than were meant.
fn matching_from_wire(message: proto::RunSelection) -> Result<Matching, Error> {
    let proto::RunSelection { before_ms, scheme: of_scheme, source, kind, state, test_mode } = message;
    let source = source.map(SourceId::try_from).transpose().map_err(|_| Error::Missing("source"))?;
    let (before, scheme) = (Timestamp::from_millis(before_ms), of_scheme.map(scheme).transpose()?);
    Ok(Matching { before, scheme, source, kind, state, test_mode })
}

fn draft_to_wire(draft: &Draft) -> proto::Draft {
    let Draft { id, owner, text, based_on, step, created, at, revision } = draft.clone();
    let (based_on, based_on_tag) = based_on.map(|BasedOn { id, tag }| (id.to_string(), tag)).unzip();
    proto::Draft {
        id,
        owner: owner.to_string(),
        text,
        based_on,
        based_on_tag,
        step: step.into(),
        created_ms: created.as_millis(),
        at_ms: at.as_millis(),
        revision,
    }
}

fn draft_from_wire(message: proto::Draft) -> Result<Draft, Error> {
    let proto::Draft { id, owner, text, based_on, based_on_tag, step, created_ms, at_ms, revision } = message;
    let based_on = match based_on {
        Some(id) => Some(BasedOn { id: scheme(id)?, tag: based_on_tag.unwrap_or_default() }),
        None => None,
    };
    Ok(Draft {
        id,
        owner: actor(&owner)?,
        text,
        based_on,
        step: u8::try_from(step).map_err(|_| Error::Missing("step"))?,
        created: Timestamp::from_millis(created_ms),
        at: Timestamp::from_millis(at_ms),
        revision,
    })
}

fn source_to_wire(stored: StoredSource) -> proto::StoredSource {
    let StoredSource { id, revision, content, by, at } = stored;
    let (text, base_url, secrets) = match content {
        Some(SourceContent { text, base_url, secrets }) => (Some(text), base_url, secrets),
        None => (None, String::new(), Vec::new()),
    };
    let secret = |SealedSecret { name, sealed, at }| proto::SealedSecret { name, sealed, at_ms: at.as_millis() };
    let secrets = secrets.into_iter().map(secret).collect();
    let (id, by, at_ms) = (id.to_string(), by.to_string(), at.as_millis());
    proto::StoredSource { id, revision, text, base_url, secrets, by, at_ms }
}

fn source_from_wire(message: proto::StoredSource) -> Result<StoredSource, Error> {
    let proto::StoredSource { id, revision, text, base_url, secrets, by, at_ms } = message;
    let secret =
        |proto::SealedSecret { name, sealed, at_ms }| SealedSecret { name, sealed, at: Timestamp::from_millis(at_ms) };
    let secrets = secrets.into_iter().map(secret).collect();
    let content = text.map(|text| SourceContent { text, base_url, secrets });
    let id = SourceId::try_from(id).map_err(|_| Error::Missing("source"))?;
    Ok(StoredSource { id, revision, content, by: actor(&by)?, at: Timestamp::from_millis(at_ms) })
}

fn bulk_to_wire(bulk: &Bulk) -> proto::Bulk {
    let Bulk { id, source, actions, test_mode, users, by, at } = bulk;
    proto::Bulk {
        id: id.to_string(),
        source: source.to_string(),
        actions: actions.clone(),
        test_mode: *test_mode,
        users: picked::compressed(users),
        count: u32::try_from(users.len()).unwrap_or(u32::MAX), // a bulk action has fewer
        by: by.to_string(),
        at_ms: at.as_millis(),
    }
}

fn bulk_from_wire(message: proto::Bulk) -> Result<Bulk, Error> {
    let proto::Bulk { id, source, actions, test_mode, users, count, by, at_ms } = message;
    Ok(Bulk {
        id: scheme(id)?,
        source: SourceId::try_from(source).map_err(|_| Error::Missing("source"))?,
        actions,
        test_mode,
        users: picked::users(&users, count)?,
        by: actor(&by)?,
        at: Timestamp::from_millis(at_ms),
    })
}

fn pick_to_wire(pick: &Pick) -> proto::Pick {
    proto::Pick {
        id: pick.id.clone(),
        owner: pick.owner.to_string(),
        source: pick.source.to_string(),
        users: picked::compressed(&pick.users),
        count: u32::try_from(pick.users.len()).unwrap_or(u32::MAX), // a pick has fewer
        from: pick.from.clone(),
        as_of_ms: pick.as_of.map(Timestamp::as_millis),
        incomplete: pick.incomplete.clone(),
        created_ms: pick.created.as_millis(),
        at_ms: pick.at.as_millis(),
        revision: pick.revision,
    }
}

fn pick_from_wire(message: proto::Pick) -> Result<Pick, Error> {
    let proto::Pick { id, owner, source, users, count, from, as_of_ms, incomplete, created_ms, at_ms, revision } =
        message;
    Ok(Pick {
        id,
        owner: actor(&owner)?,
        source: SourceId::try_from(source).map_err(|_| Error::Missing("source"))?,
        users: picked::users(&users, count)?,
        from,
        as_of: as_of_ms.map(Timestamp::from_millis),
        incomplete,
        created: Timestamp::from_millis(created_ms),
        at: Timestamp::from_millis(at_ms),
        revision,
    })
}

fn filter_to_wire(filter: SavedFilter) -> proto::SavedFilter {
    let SavedFilter { id, owner, name, text, at } = filter;
    proto::SavedFilter { id, owner: owner.to_string(), name, text, at_ms: at.as_millis() }
}

fn filter_from_wire(message: proto::SavedFilter) -> Result<SavedFilter, Error> {
    let proto::SavedFilter { id, owner, name, text, at_ms } = message;
    Ok(SavedFilter { id, owner: actor(&owner)?, name, text, at: Timestamp::from_millis(at_ms) })
}

fn scheme(text: String) -> Result<SchemeId, Error> {
    SchemeId::try_from(text).map_err(|_| Error::Missing("scheme"))
}

fn actor(text: &str) -> Result<Actor, Error> {
    text.parse().map_err(|_| Error::Missing("by"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    fn change(revision: u64, kind: ChangeKind) -> SchemeChange {
        SchemeChange {
            kind,
            by: "Ann Ü.".parse().expect("a name"),
            at: Timestamp::from_millis(1_700_000_000_000),
            revision,
            version: "5a1e0c7d".into(),
            text: r#"{"id":"a"}"#.into(),
        }
    }

    fn deleted(runs: RunSelection) -> DeletedRuns {
        let (by, at) = (Actor::default(), Timestamp::from_millis(5));
        DeletedRuns { id: "d1".into(), by, at, reason: "tests".into(), runs, except: vec![RunId::new("x.y")] }
    }

    fn source(content: Option<SourceContent>) -> StoredSource {
        let (by, at) = (Actor::default(), Timestamp::from_millis(5));
        StoredSource { id: "acme".parse().expect("an id"), revision: 4, content, by, at }
    }

    fn pick(users: &[&str], as_of: Option<Timestamp>) -> Pick {
        Pick {
            id: "p1".into(),
            owner: Actor::default(),
            source: "acme".parse().expect("an id"),
            users: users.iter().copied().map(crate::domain::UserId::new).collect(),
            from: "a CSV file".into(),
            as_of,
            incomplete: as_of.map(|_| "the first 1,000 only".into()),
            created: Timestamp::from_millis(5),
            at: Timestamp::from_millis(7),
            revision: 3,
        }
    }

    #[test]
    fn settings_come_back_as_they_were() {
        let (id, by, at) = ("a".parse::<SchemeId>().expect("an id"), Actor::default(), Timestamp::from_millis(5));
        let stored = StoredScheme::new(id.clone(), change(1, ChangeKind::Created))
            .changed(change(2, ChangeKind::Updated))
            .changed(change(3, ChangeKind::Deleted));
        let draft = |based_on| Draft {
            id: "d1".into(),
            owner: by.clone(),
            text: "{".into(),
            based_on,
            step: 5,
            created: at,
            at: Timestamp::from_millis(7),
            revision: 3,
        };
        let based_on = BasedOn { id: id.clone(), tag: "1-a".into() };
        let pause = |of, paused| Setting::Pause(Pause { of, paused, by: by.clone(), at });
        for setting in [
            Setting::Scheme(stored),
            Setting::Draft(draft(None)),
            Setting::Draft(draft(Some(based_on))),
            pause(Pausable::Source("acme".parse().expect("an id")), true),
            pause(Pausable::Scheme(id), false),
            Setting::CancelledRun(CancelledRun { run: RunId::new("e.s"), by: by.clone(), at }),
            Setting::OutcomesRecreated(OutcomesRecreated { partition: 3, number: 2, decisions_until: 70 }),
            Setting::SessionsEnded(SessionsEnded { of: WhichSessions::One("5a1e".into()), at }),
            Setting::SessionsEnded(SessionsEnded { of: WhichSessions::OfPerson("Ann Ü.".into()), at }),
            Setting::Milestone(MilestoneReached { milestone: Milestone::RunRead, by: by.clone(), at }),
            Setting::Source(source(None)),
            Setting::Pick(pick(&["k:1", "é"], None)),
            Setting::Pick(pick(&[], Some(at))),
            Setting::Filter(SavedFilter {
                id: "f1".into(),
                owner: by.clone(),
                name: "=1+1".into(),
                text: "{}".into(),
                at,
            }),
            Setting::Source(source(Some(SourceContent {
                text: "id: acme".into(),
                base_url: "https://jira.example/".into(),
                secrets: vec![SealedSecret { name: "auth.bearer".into(), sealed: "sealed1.x".into(), at }],
            }))),
            Setting::DeletedRuns(deleted(RunSelection::These(vec![RunId::new("e.s")]))),
            Setting::DeletedRuns(deleted(RunSelection::All(Matching {
                before: at,
                scheme: Some("a".parse().expect("an id")),
                source: None,
                kind: Some("sweep".into()),
                state: None,
                test_mode: Some(true),
            }))),
        ] {
            assert_eq!(decode::<Setting>(&encode(&setting)).expect("readable"), setting);
        }
    }

    #[test]
    fn a_record_that_lacks_what_is_needed_is_refused_with_what() {
        let decoded = |setting| Setting::from_wire(proto::Setting { setting }).map_err(|error| error.to_string());
        let refused = decoded(None).expect_err("a later version's setting");
        assert!(refused.contains("`setting`"), "{refused}");
        let nothing = proto::StoredScheme { id: "a".into(), changes: Vec::new() };
        let refused = decoded(Some(proto::setting::Setting::Scheme(nothing))).expect_err("no scheme without a change");
        assert!(refused.contains("`changes`"), "{refused}");
    }
}
