//! The events of one user, with the decisions of usher and their steps, newest first.

use actix_web::web::{Data, Path, Query};
use serde::Serialize;
use utoipa::ToSchema;

use super::query::{self, ItemKind};
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            request::{lookup, work::answered},
        },
        identity::Principal,
    },
    domain::{EventId, Mode, RunId, SchemeId, SourceId, Timestamp, UserId, Via},
    views::{self, Cursor, Decided, DecisionRow, EndedStep, Limit, NoActionRow, Page, Paging, VerdictRow, Views},
};

/// The decisions that are looked at for one page, so that a kind with few items answers in time.
const MAX_DECISIONS: usize = 1_000;

/// One item of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Item {
    /// Something that happened to the user.
    Event {
        /// When usher accepted it.
        at: Timestamp,
        event: EventId,
        /// The kind of event.
        what: String,
        /// The way by which usher learnt of it.
        via: Via,
    },
    /// The decision about an event, also if it is to do nothing.
    Decision {
        at: Timestamp,
        event: EventId,
        mode: Mode,
        /// Why no scheme was asked.
        no_action: Option<NoActionRow>,
        /// The answer of each asked scheme.
        schemes: Vec<SchemeAnswer>,
    },
    /// The result of a step.
    Step {
        /// When it ended.
        at: Timestamp,
        event: EventId,
        scheme: SchemeId,
        run: RunId,
        action: String,
        target: String,
        result: String,
        reason: String,
        /// The state before, if it was read.
        before: Option<String>,
        /// The product's answer, if it failed.
        error: Option<String>,
    },
}

/// The answer of one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SchemeAnswer {
    pub(crate) scheme: SchemeId,
    pub(crate) version: String,
    /// `true`, `false` or `unknown`; only `true` selects the user.
    pub(crate) selected: String,
    pub(crate) test_mode: bool,
    pub(crate) run: Option<RunId>,
}

impl Item {
    fn kind(&self) -> ItemKind {
        match self {
            Self::Event { .. } => ItemKind::Event,
            Self::Decision { .. } => ItemKind::Decision,
            Self::Step { .. } => ItemKind::Step,
        }
    }

    /// The items of one decision, newest first.
    fn of(decided: Decided) -> Vec<Self> {
        let Decided { decision, mut steps, .. } = decided;
        let DecisionRow { event, kind, via, accepted, decided, mode, no_action, schemes, .. } = decision;
        steps.sort_by_key(|step| std::cmp::Reverse(step.entry.at));
        let mut items: Vec<_> = steps.into_iter().map(|step| Self::step(event.clone(), step)).collect();
        let schemes = schemes.into_iter().map(SchemeAnswer::from).collect();
        items.push(Self::Decision { at: decided, event: event.clone(), mode, no_action, schemes });
        items.push(Self::Event { at: accepted, event, what: kind, via });
        items
    }

    fn step(event: EventId, EndedStep { scheme, run, entry }: EndedStep) -> Self {
        let views::Entry { action, target, result, reason, before, at, error, .. } = entry;
        Self::Step { at, event, scheme, run, action, target, result, reason, before, error }
    }
}

impl From<VerdictRow> for SchemeAnswer {
    fn from(verdict: VerdictRow) -> Self {
        let VerdictRow { scheme, version, selected, test_mode, run, .. } = verdict;
        Self { scheme, version, selected, test_mode, run }
    }
}

/// A place in a timeline: behind this decision, and behind so many items of the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    behind: Option<Cursor>,
    items: usize,
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Self {
        let Some((items, behind)) = cursor.and_then(|cursor| cursor.place().split_first_chunk::<2>()) else {
            return Self::default();
        };
        let behind = (!behind.is_empty()).then(|| Cursor::behind(behind));
        Self { behind, items: usize::from(u16::from_be_bytes(*items)) }
    }

    fn cursor(&self) -> Cursor {
        let items = u16::try_from(self.items).unwrap_or(u16::MAX).to_be_bytes();
        let behind = self.behind.as_ref().map_or(&[][..], Cursor::place);
        Cursor::behind([&items[..], behind].concat())
    }
}

/// Events, decisions (also those for nothing) and steps of one user, as long as the log keeps them. The newest event is
/// first, and with it what usher decided and did about it.
#[utoipa::path(
    get, path = "/users/{source}/{id}/timeline", tag = "users",
    params(("source" = String, Path), ("id" = String, Path), query::Timeline),
    responses((status = 200, body = Page<Item>), (status = 404, description = "There is no such source."))
)]
pub(in crate::admin::api) async fn timeline(
    state: Data<AdminState>,
    caller: Principal,
    path: Path<(String, String)>,
    Query(query::Timeline { kind, limit, cursor }): Query<query::Timeline>,
) -> Result<ApiResponse, Problem> {
    let (of, id) = path.into_inner();
    let (of, id) = (lookup::source(&state, &caller, &of)?, UserId::new(id));
    let wanted = Timeline { kind, limit, cursor };
    answered(state.runtime(), move || timeline_of(&state, &of, &id, &wanted)).await
}

/// The wanted part of a timeline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    /// The kind of item; none: all.
    pub(crate) kind: Option<ItemKind>,
    /// The highest number of items.
    pub(crate) limit: Limit,
    /// The end of the page before.
    pub(crate) cursor: Option<Cursor>,
}

/// The wanted part of a user's timeline. It waits for the disk.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(crate) fn timeline_of(
    state: &AdminState,
    of: &SourceId,
    id: &UserId,
    wanted: &Timeline,
) -> Result<Page<Item>, Problem> {
    let page = items(&state.views, of, id, wanted.kind, wanted.limit, Place::read(wanted.cursor.as_ref()));
    page.map_err(|error| Problem::internal(&error))
}

fn items(
    views: &Views,
    source: &SourceId,
    user: &UserId,
    kind: Option<ItemKind>,
    limit: Limit,
    mut place: Place,
) -> Result<Page<Item>, views::Error> {
    let (mut items, mut looked_at) = (Vec::new(), 0);
    loop {
        let page = views.decided(source, user, &Paging { limit: Limit::default(), cursor: place.behind.clone() })?;
        for decided in page.items {
            let behind = decided.place.clone();
            let wanted = |item: &Item| kind.is_none_or(|kind| item.kind() == kind);
            let of_decision: Vec<_> = Item::of(decided).into_iter().filter(wanted).collect();
            let (total, room) = (of_decision.len(), limit.get() - items.len());
            items.extend(of_decision.into_iter().skip(place.items).take(room));
            if total.saturating_sub(place.items) > room {
                let next = Place { items: place.items + room, ..place };
                return Ok(Page { items, next: Some(next.cursor()) });
            }
            place = Place { behind: Some(behind), items: 0 };
            looked_at += 1;
        }
        if page.next.is_none() {
            return Ok(Page { items, next: None });
        }
        if looked_at >= MAX_DECISIONS {
            return Ok(Page { items, next: Some(place.cursor()) });
        }
    }
}
