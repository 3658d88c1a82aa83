//! One source, with more than the list tells of it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{SourceNow, SourceRow, now};
use crate::{
    admin::{
        AdminState,
        api::{Problem, references::ReferencesRow},
    },
    config::{AUTH_SECRETS, Auth, Source},
    domain::{Actor, Timestamp},
    secret::KeptIn,
    settings::{SourceContents, SourceView},
    users::{RefreshState, RosterRow},
};

/// How usher proves who it is. The secret itself is never shown.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(in crate::admin::api) struct AuthRow {
    kind: AuthKind,
    kept_as: KeptAs,
    /// When it was written, if usher keeps it.
    changed: Option<Timestamp>,
}

/// The way in.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AuthKind {
    /// A token.
    Bearer,
    /// A name and a password.
    Basic,
}

/// The place of a secret.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeptAs {
    /// A variable of usher's environment.
    Env,
    /// A file of usher's machine.
    File,
    /// The configuration itself.
    Value,
    /// usher's log, sealed.
    Sealed,
}

impl AuthRow {
    pub(super) fn of(source: &Source) -> Self {
        let kind = match &source.auth {
            Auth::Bearer(_) => AuthKind::Bearer,
            Auth::Basic { .. } => AuthKind::Basic,
        };
        let kept_as = match source.auth.secret().place() {
            Some(KeptIn::Env(_)) => KeptAs::Env,
            Some(KeptIn::File(_)) => KeptAs::File,
            Some(KeptIn::Sealed(_)) => KeptAs::Sealed,
            None => KeptAs::Value,
        };
        Self { kind, kept_as, changed: None }
    }
}

/// A secret of a source that usher keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct KeptSecret {
    /// The name by which a change of the source says that it stays.
    name: String,
    /// When it was written.
    changed: Timestamp,
}

/// The last change of a source that was made while usher runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ChangedRow {
    by: Actor,
    at: Timestamp,
}

/// One source: the row of the list, with the further members of a single answer.
#[derive(Serialize, ToSchema)]
pub(in crate::admin::api) struct SourceDetail {
    #[serde(flatten)]
    now: SourceNow,
    /// Whether it is from the configuration file. It can't be changed here.
    provisioned: bool,
    auth: AuthRow,
    /// The last change; null for a source of the configuration file.
    changed: Option<ChangedRow>,
    /// The secrets that usher keeps for it; none for a source of the configuration file.
    secrets: Vec<KeptSecret>,
    /// The whole of it as YAML. Secrets are named by the place where they are kept, or left empty.
    yaml: String,
    /// The names in `protect` and in enabled schemes, and whether the product has them; null if nothing is looked up.
    references: Option<ReferencesRow>,
    /// The last list of its users that the answering process keeps.
    roster: RosterRow,
    /// The result of the last refresh of it, since that process began; null if there was none.
    roster_refresh: Option<RefreshState>,
}

impl SourceDetail {
    /// The source of `row`, which is `stored` unless it is in the configuration file. Waits for the disk.
    ///
    /// # Errors
    /// An internal [`Problem`] if the views or the roster can't be read.
    pub(super) fn new(state: &AdminState, row: SourceRow, stored: Option<SourceView>) -> Result<Self, Problem> {
        let (id, yaml, mut auth) = (row.id.clone(), row.yaml().to_owned(), row.auth);
        let no_such = || Problem::NotFound { kind: "source", id: id.to_string() };
        let now = now(state, vec![row])?.pop().ok_or_else(no_such)?;
        let references = state.references(&id).map(|references| references.standing().into());
        let (roster, roster_refresh) = (state.users.standing(&id)?, state.users.refresh_state(&id));
        let provisioned = stored.is_none();
        let (changed, secrets) = match stored {
            Some(SourceView { by, at, secrets, .. }) => (Some(ChangedRow { by, at }), secrets),
            None => (None, Vec::new()),
        };
        let of_auth = secrets.iter().find(|(name, _)| AUTH_SECRETS.contains(&name.as_str()));
        auth.changed = of_auth.map(|(_, at)| *at);
        let secrets = secrets.into_iter().map(|(name, changed)| KeptSecret { name, changed }).collect();
        Ok(Self { now, provisioned, auth, changed, secrets, yaml, references, roster, roster_refresh })
    }
}

/// The row of a stored source.
///
/// # Errors
/// [`Problem::NotFound`] if this version of usher can't read it at all.
pub(super) fn row_of(state: &AdminState, stored: &SourceView) -> Result<SourceRow, Problem> {
    let of_state = || state.sources().iter().find(|row| row.id == stored.id).cloned();
    match &stored.contents {
        SourceContents::Readable(source) => Ok(SourceRow::from(&**source)),
        SourceContents::Broken { .. } => {
            of_state().ok_or_else(|| Problem::NotFound { kind: "source", id: stored.id.to_string() })
        }
    }
}
