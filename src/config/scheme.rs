//! One scheme.

use crate::domain::{
    Condition, DomainPattern, Exempt, Limits, Scheme, SchemeId, Selection, Trigger, TriggerKind, True,
};

use super::{
    ProvisionedScheme,
    actions::{actions, groups, some_groups},
    fields::Fields,
    node::{Content, Node},
    not_yet::{self, Section},
    reader::Reader,
};

const EMPTY_SELECT: &str = "everyone must be asked for by name: write `everyone: true`";

/// Reads one item of `schemes`. Whether its source is there is for the caller to see.
pub(super) fn scheme(node: &Node, reader: &mut Reader<'_>) -> Option<ProvisionedScheme> {
    let mut fields = Fields::of(node, Section::Scheme, reader)?;
    let id = fields
        .required("id", "write `id: contractors`, say", reader)
        .and_then(|node| reader.parsed(node, str::parse::<SchemeId>));
    let name = fields.or("name", None, |node| reader.filled(node).map(|name| Some(name.to_owned())));
    let source =
        fields.required("source", "write the id of a source", reader).and_then(|node| reader.parsed(node, str::parse));
    let trigger = fields
        .required("trigger", "write `trigger: on_create` or `trigger: on_login`", reader)
        .and_then(|node| trigger(node, reader));
    let enabled = fields.or("enabled", true, |node| reader.boolean(node));
    let test_mode = fields.or("test_mode", true, |node| reader.boolean(node));
    let select = fields.required("select", EMPTY_SELECT, reader).and_then(|node| select(node, reader));
    let only_groups = fields.or("only_groups", Vec::new(), |node| some_groups(node, reader));
    let exempt = fields.or("exempt", Exempt::default(), |node| exempt(node, reader));
    let actions = fields
        .required("actions", "write `- add_groups: [a-group]` below it, say", reader)
        .and_then(|node| actions(node, reader));
    fields.or("audit", (), |node| audit(node, reader));
    fields.done(reader);
    let id = id?;
    Some(provisioned(Scheme {
        name: name?.unwrap_or_else(|| id.to_string()),
        id,
        source: source?,
        trigger: trigger?,
        enabled: enabled?,
        test_mode: test_mode?,
        select: select?,
        only_groups: only_groups?,
        exempt: exempt?,
        actions: actions?,
        limits: Limits::default(),
    }))
}

fn provisioned(scheme: Scheme) -> ProvisionedScheme {
    ProvisionedScheme { reference: scheme.reference(), scheme }
}

fn trigger(node: &Node, reader: &mut Reader<'_>) -> Option<Trigger> {
    if let Content::Map(entries) = &node.content
        && let Some(entry) = entries.iter().find(|entry| not_yet::TRIGGER_KEYS.contains(&entry.name.as_str()))
    {
        return reader.refuse(&entry.at, not_yet::message(&entry.name, "write `on_create` or `on_login`"));
    }
    let triggers = [TriggerKind::OnCreate, TriggerKind::OnLogin].map(|trigger| (trigger.as_str(), trigger));
    reader.choice(node, &triggers, not_yet::TRIGGERS).map(|kind| match kind {
        TriggerKind::OnLogin => Trigger::OnLogin,
        _ => Trigger::OnCreate,
    })
}

fn select(node: &Node, reader: &mut Reader<'_>) -> Option<Selection> {
    let problems = reader.problems.len();
    let mut fields = Fields::of(node, Section::Select, reader)?;
    let everyone = fields.or("everyone", false, |node| reader.boolean(node));
    let email_domain = fields.or("email_domain", Vec::new(), |node| domains(node, reader));
    let email_domain_not = fields.or("email_domain_not", Vec::new(), |node| domains(node, reader));
    fields.done(reader);
    let (email_domain, email_domain_not) = (email_domain?, email_domain_not?);
    let mut select = Selection::default();
    if everyone? {
        select.0.push(Condition::Everyone(True));
    }
    if !email_domain.is_empty() {
        select.0.push(Condition::EmailDomain(email_domain));
    }
    if !email_domain_not.is_empty() {
        select.0.push(Condition::EmailDomainNot(email_domain_not));
    }
    if select.is_empty() && reader.problems.len() == problems {
        return reader.refuse(&node.at, format!("no condition stands here; {EMPTY_SELECT}"));
    }
    Some(select)
}

fn domains(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<DomainPattern>> {
    reader.each(node, |item, reader| reader.parsed(item, |text| DomainPattern::try_from(text.to_owned())))
}

fn exempt(node: &Node, reader: &mut Reader<'_>) -> Option<Exempt> {
    let mut fields = Fields::of(node, Section::Exempt, reader)?;
    let users =
        fields.or("users", Vec::new(), |node| reader.each(node, |item, reader| reader.filled(item).map(str::to_owned)));
    let groups = fields.or("groups", Vec::new(), |node| groups(node, reader));
    fields.done(reader);
    Some(Exempt { users: users?, groups: groups? })
}

/// Accepts what is so anyway: every scheme is told in the application log.
fn audit(node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    let mut fields = Fields::of(node, Section::Audit, reader)?;
    if let Some(node) = fields.get("application_log")
        && reader.boolean(node) == Some(false)
    {
        reader.refuse::<()>(&node.at, not_yet::message("application_log: false", "write `true`"));
    }
    fields.done(reader);
    Some(())
}
