//! A draft as the pages work on it.

use std::sync::Arc;

use super::{Fault, Step};
use crate::{
    admin::Problem,
    config::Document,
    console::{Asked, form::Form},
    domain::{BasedOn, Draft, Scheme, TriggerKind},
    settings::{self, DraftContent, IfMatch},
};

/// The keys of a scheme, in the order in which people write them.
pub(super) const ORDER: [&str; 12] = [
    "id",
    "name",
    "source",
    "trigger",
    "enabled",
    "test_mode",
    "select",
    "only_groups",
    "exempt",
    "actions",
    "limits",
    "audit",
];

/// A draft, or what is to become one.
pub(in crate::console) struct Kept {
    draft: Option<Arc<Draft>>,
    based_on: Option<BasedOn>,
    /// The scheme so far.
    pub(super) document: Document,
    /// The typed text, if it is no scheme in YAML.
    pub(super) typed: Option<String>,
}

impl Kept {
    /// One that is not kept yet.
    pub(super) fn new(source: &str) -> Self {
        let mut document = Document::Map(Vec::new());
        if !source.is_empty() {
            document.set("source", Some(Document::text(source)), &ORDER);
        }
        Self { draft: None, based_on: None, document, typed: None }
    }

    /// The draft that the path names, of whoever asks.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if they have no such draft.
    pub(super) fn of(asked: &Asked) -> Result<Self, Problem> {
        let draft = asked.state().settings().draft(asked.id(), &asked.principal().by());
        let draft = draft.ok_or_else(|| Problem::NotFound { kind: "draft", id: asked.id().to_owned() })?;
        Ok(Self::from(draft))
    }

    pub(super) fn id(&self) -> &str {
        self.draft.as_ref().map_or("new", |draft| &draft.id)
    }

    pub(super) fn is_new(&self) -> bool {
        self.draft.is_none()
    }

    pub(super) fn tag(&self) -> String {
        self.draft.as_ref().map(|draft| draft.tag()).unwrap_or_default()
    }

    pub(super) fn based_on(&self) -> Option<&BasedOn> {
        self.based_on.as_ref()
    }

    /// The step at which its author was.
    pub(super) fn step(&self) -> Step {
        Step::numbered(self.draft.as_ref().map_or(1, |draft| draft.step))
    }

    /// The scheme so far as YAML, or what was typed instead.
    pub(super) fn yaml(&self) -> String {
        match &self.typed {
            Some(text) => text.clone(),
            None if self.document.entries().is_some_and(<[_]>::is_empty) => String::new(),
            None => self.document.yaml().unwrap_or_default(),
        }
    }

    /// Whether the form was sent from a page that shows the draft as it is now.
    pub(super) fn is_seen(&self, form: &Form) -> bool {
        form.get("tag") == self.tag()
    }

    /// Keeps it as it is now.
    ///
    /// # Errors
    /// [`Problem::Conflict`] if there are as many drafts as are kept, [`Problem::TooLarge`] if it is too long,
    /// [`Problem::Stale`] if it was changed in the same moment, [`Problem::Unavailable`] if it can't be kept now.
    pub(super) async fn keep(&mut self, asked: &Asked, step: Step) -> Result<(), Problem> {
        let text = match &self.typed {
            Some(typed) => serde_json::to_string(typed),
            None => serde_json::to_string(&self.document),
        };
        let text = text.map_err(|error| Problem::internal(&error))?;
        let content = DraftContent { text, based_on: self.based_on.clone(), step: step.number() };
        let (settings, owner) = (asked.state().settings(), asked.principal().by());
        let kept = match &self.draft {
            None => settings.create_draft(owner, content).await?,
            Some(draft) if draft.text == content.text && draft.step == content.step => Arc::clone(draft),
            Some(draft) => {
                let as_read = IfMatch::Tags(vec![draft.tag()]);
                settings.replace_draft(&draft.id, &owner, &as_read, content).await?
            }
        };
        self.draft = Some(kept);
        Ok(())
    }

    /// A new draft of a scheme that is there, to be changed.
    ///
    /// # Errors
    /// As [`Kept::keep`].
    pub(super) async fn of_scheme(asked: &Asked, text: &str, based_on: BasedOn) -> Result<Self, Problem> {
        let document = Document::read(text).map_err(settings::Error::from)?;
        let mut kept = Self { draft: None, based_on: Some(based_on), document, typed: None };
        kept.keep(asked, Step::Overview).await?;
        Ok(kept)
    }

    /// Forgets it. It stays for a week if that fails.
    pub(super) async fn forget(&self, asked: &Asked) -> Result<(), Problem> {
        let Some(draft) = &self.draft else { return Ok(()) };
        Ok(asked.state().settings().delete_draft(&draft.id, &asked.principal().by(), &IfMatch::Any).await?)
    }

    /// The scheme, if it can be used; otherwise all that is wrong with it.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if no turn comes in time.
    pub(super) async fn checked(&self, asked: &Asked) -> Result<Checked, Problem> {
        let (yaml, caller) = (self.yaml(), asked.principal().clone());
        asked
            .read(move |state| match state.settings().check(&yaml) {
                Ok(checked) if !caller.sees(&checked.scheme.source) => {
                    let text = format!("There is no source `{}`.", checked.scheme.source);
                    let fault = Fault { step: Step::Trigger, path: vec!["source".to_owned()], text };
                    Ok(Checked { scheme: Err(vec![fault]), warnings: Vec::new() })
                }
                Ok(checked) => {
                    let warnings = checked.warnings.iter().map(|warning| warning.message().to_owned()).collect();
                    Ok(Checked { scheme: Ok(Box::new(checked.scheme)), warnings })
                }
                Err(settings::Error::Invalid(wrong)) => {
                    Ok(Checked { scheme: Err(Fault::all(&wrong, &yaml)), warnings: Vec::new() })
                }
                Err(error) => Err(error.into()),
            })
            .await
    }

    /// The scheme with stand-ins for the answers that are not given yet, to be read by people; none if what is there
    /// can't be used.
    ///
    /// # Errors
    /// As [`Kept::checked`].
    pub(super) async fn so_far(&self, asked: &Asked) -> Result<Option<Box<Scheme>>, Problem> {
        let stand_ins = [
            ("id", Document::text("draft")),
            ("trigger", Document::text(TriggerKind::Manual.as_str())),
            ("select", Document::Map(vec![("everyone".to_owned(), Document::Scalar(true.into()))])),
            (
                "actions",
                Document::List(vec![Document::Map(vec![(
                    "add_groups".to_owned(),
                    Document::texts(["draft".to_owned()]),
                )])]),
            ),
        ];
        let mut document = self.document.clone();
        for (key, stand_in) in stand_ins {
            if document.get(key).is_none() {
                document.set(key, Some(stand_in), &ORDER);
            }
        }
        let filled = Self { draft: None, based_on: None, document, typed: None };
        Ok(filled.checked(asked).await?.scheme.ok())
    }
}

/// The result of checking a draft.
pub(super) struct Checked {
    pub(super) scheme: Result<Box<Scheme>, Vec<Fault>>,
    pub(super) warnings: Vec<String>,
}

impl From<Arc<Draft>> for Kept {
    fn from(draft: Arc<Draft>) -> Self {
        let (document, typed) = match Document::read(&draft.text) {
            Ok(document @ Document::Map(_)) => (document, None),
            _ => {
                let text = serde_json::from_str(&draft.text).unwrap_or_else(|_| draft.text.clone());
                (Document::Map(Vec::new()), Some(text))
            }
        };
        Self { based_on: draft.based_on.clone(), draft: Some(draft), document, typed }
    }
}
