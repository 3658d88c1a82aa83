//! The content of a record of an act.

use std::{fmt, net::IpAddr};

use crate::{
    admin::identity::Principal,
    domain::{ActResult, AdminAction, Channel, RequestKey, RunId, SchemeId, SourceId, Timestamp},
    settings::{Contents, SchemeView},
};

/// The longest text of a field, in characters. The rest is cut.
const MAX_TEXT: usize = 1_000;

/// The act, as a word. Words are only ever added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is its word")]
pub enum Act {
    SchemeCreate,
    SchemeReplace,
    SchemeDelete,
    SchemeRun,
    SchemePause,
    SchemeResume,
    SourceCreate,
    SourceReplace,
    SourceDelete,
    SourcePause,
    SourceResume,
    RunRelease,
    RunCancel,
    RunUndo,
    RunsDelete,
    BulkRun,
    NewcomersRelease,
    NewcomersDismiss,
    LettersRedrive,
    LetterDismiss,
    SettingsChange,
    Backup,
    Export,
    SignIn,
    SignOut,
    SignOutEverywhere,
    /// Refused before it was known which of several it would have been.
    Attempt(&'static str),
}

impl Act {
    /// The word in records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SchemeCreate => "scheme.create",
            Self::SchemeReplace => "scheme.replace",
            Self::SchemeDelete => "scheme.delete",
            Self::SchemeRun => "scheme.run",
            Self::SchemePause => "scheme.pause",
            Self::SchemeResume => "scheme.resume",
            Self::SourceCreate => "source.create",
            Self::SourceReplace => "source.replace",
            Self::SourceDelete => "source.delete",
            Self::SourcePause => "source.pause",
            Self::SourceResume => "source.resume",
            Self::RunRelease => "run.release",
            Self::RunCancel => "run.cancel",
            Self::RunUndo => "run.undo",
            Self::RunsDelete => "run.delete",
            Self::BulkRun => "bulk.run",
            Self::NewcomersRelease => "newcomers.release",
            Self::NewcomersDismiss => "newcomers.dismiss",
            Self::LettersRedrive => "dead-letter.redrive",
            Self::LetterDismiss => "dead-letter.dismiss",
            Self::SettingsChange => "settings.change",
            Self::Backup => "backup",
            Self::Export => "export",
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::SignOutEverywhere => "sign-out.everywhere",
            Self::Attempt(word) => word,
        }
    }
}

/// The object of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// usher as a whole.
    Usher,
    /// A source.
    Source(SourceId),
    /// A scheme.
    Scheme(SchemeId),
    /// A run.
    Run(RunId),
    /// Something else: its kind and its id.
    Other(&'static str, String),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usher => f.write_str("usher"),
            Self::Source(id) => write!(f, "source:{id}"),
            Self::Scheme(id) => write!(f, "scheme:{id}"),
            Self::Run(id) => write!(f, "run:{id}"),
            Self::Other(kind, id) => write!(f, "{kind}:{id}"),
        }
    }
}

/// The content of a record of an act, beside its author and its time.
#[derive(Debug, Clone)]
pub struct Entry {
    act: Act,
    on: Object,
    source: Option<SourceId>,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
    run: Option<RunId>,
    request: Option<RequestKey>,
}

impl Entry {
    /// `act` on `on`.
    pub fn new(act: Act, on: Object) -> Self {
        let source = if let Object::Source(id) = &on { Some(id.clone()) } else { None };
        let run = if let Object::Run(id) = &on { Some(id.clone()) } else { None };
        Self { act, on, source, before: None, after: None, reason: None, run, request: None }
    }

    /// It is about this source. Whoever is kept to other sources does not see it.
    #[must_use]
    pub fn about(self, source: &SourceId) -> Self {
        Self { source: Some(source.clone()), ..self }
    }

    /// It is about the source of this scheme, as far as that is known.
    #[must_use]
    pub fn about_scheme(self, listed: &SchemeView) -> Self {
        match &listed.contents {
            Contents::Readable(scheme) => self.about(&scheme.source),
            Contents::Broken { .. } => self,
        }
    }

    /// The state before and the wanted one, in short.
    #[must_use]
    pub fn changing(self, before: Option<String>, after: Option<String>) -> Self {
        Self { before, after, ..self }
    }

    /// Why, by the words of whoever acts.
    #[must_use]
    pub fn because(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }

    /// It begins this run.
    #[must_use]
    pub fn beginning(self, run: &RunId) -> Self {
        Self { run: Some(run.clone()), ..self }
    }

    /// It may be asked for again with this key.
    #[must_use]
    pub fn repeatable(self, request: Option<RequestKey>) -> Self {
        Self { request, ..self }
    }

    /// The key with which it may be asked for again.
    pub(super) fn request_key(&self) -> Option<&RequestKey> {
        self.request.as_ref()
    }

    /// The record of it.
    pub(super) fn by(self, by: &Principal, result: ActResult, at: Timestamp) -> AdminAction {
        let nobody = self.by_nobody(by.via, by.from, at);
        AdminAction { by: Some(by.by()), role: Some(by.role), result, ..nobody }
    }

    /// The record of an attempt of somebody unknown.
    pub(super) fn by_nobody(self, via: Channel, from: Option<IpAddr>, at: Timestamp) -> AdminAction {
        let Self { act, on, source, before, after, reason, run, request } = self;
        AdminAction {
            id: hex::encode(rand::random::<[u8; 16]>()),
            at,
            by: None,
            role: None,
            via,
            from,
            action: act.as_str().to_owned(),
            on: cut(on.to_string()),
            source,
            before: before.map(cut),
            after: after.map(cut),
            reason: reason.map(cut),
            run,
            result: ActResult::Refused,
            request,
        }
    }
}

/// `text`, at most as long as a field may be.
fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("é".repeat(MAX_TEXT)), "é".repeat(MAX_TEXT));
        assert_eq!(cut("é".repeat(MAX_TEXT + 1)), format!("{}…", "é".repeat(MAX_TEXT)));
    }

    #[test]
    fn an_act_on_a_source_or_a_run_is_about_it() {
        let source: SourceId = "acme".parse().expect("an id");
        let at = Timestamp::from_millis(0);
        let of = |on| Entry::new(Act::Backup, on).by_nobody(Channel::Api, None, at);
        assert_eq!(of(Object::Source(source.clone())).source, Some(source));
        assert_eq!(of(Object::Run(RunId::new("e.s"))).run, Some(RunId::new("e.s")));
        assert_eq!((of(Object::Usher).source, of(Object::Usher).on), (None, "usher".to_owned()));
    }
}
