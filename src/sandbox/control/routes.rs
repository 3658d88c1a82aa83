//! The sandbox's own HTTP interface under `/_sandbox/`: not Atlassian's, and without credentials.
//!
//! | | |
//! |---|---|
//! | `GET journal?after=SEQ` | the changes behind that number |
//! | `GET requests` | requests, counted |
//! | `GET accounts` | the accounts that the sandbox makes for itself |
//! | `GET, PUT, DELETE users?site=&user=` | users with their groups; create or replace; delete one |
//! | `PUT crowd?site=` | create many users by a pattern |
//! | `PUT groups?site=`, `DELETE groups?site=&name=` | create groups; delete one |
//! | `PUT applications?site=` | create an application with its groups, or replace it |
//! | `GET, PUT issues?site=&key=&done=` | issues; move one to done and back |
//! | `PUT, DELETE members?site=&user=&group=` | somebody else's change of a membership |
//! | `POST audit?site=&happened=&user=&at=` | writes into the audit log; gives when, by the site's clock |
//! | `PUT manners?site=` | how the audit log behaves from now on |
//! | `GET, POST, DELETE faults[/ID]` | faults in force; inject; remove one or all |
//! | `PUT, DELETE limits?site=` | set and lift a rate limit |
//! | `POST reset` | as at the start |

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Product, Timestamp},
    sandbox::{
        ACCOUNT, ADMIN_GROUP, Account, Application, AuditAction, AuditBehaviour, Fault, Limit, Population, SOMEONE,
        audit,
        server::Shared,
        world::{NoSuch, World, people::Serial},
    },
};

/// A user as the controls list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The user.
    #[serde(flatten)]
    pub account: Account,
    /// The names of its groups.
    pub groups: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfSite {
    pub site: Product,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfUser {
    pub site: Product,
    pub user: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfGroup {
    pub site: Product,
    pub name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Membership {
    pub site: Product,
    pub user: String,
    pub group: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfIssue {
    pub site: Product,
    pub key: String,
    pub done: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfEntry {
    pub site: Product,
    pub happened: AuditAction,
    pub user: String,
    pub at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct After {
    #[serde(default)]
    pub after: u64,
}

/// A user to delete; the account that usher acts with only with `force`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removal {
    site: Product,
    user: String,
    #[serde(default)]
    force: bool,
}

/// A group to delete; the one of the administrators only with `force`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupRemoval {
    site: Product,
    name: String,
    #[serde(default)]
    force: bool,
}

/// An account that the sandbox makes for itself.
#[derive(Serialize)]
struct Own {
    site: Product,
    id: String,
    name: String,
    email: Option<String>,
    groups: BTreeSet<String>,
}

/// The id of a fault just injected.
#[derive(Serialize, Deserialize)]
pub(in crate::sandbox) struct FaultId {
    pub id: u64,
}

type State = web::Data<Shared>;

/// All routes, below `/_sandbox`.
pub(in crate::sandbox) fn routes(config: &mut web::ServiceConfig) {
    config
        .route(
            "/",
            web::get().to(async || HttpResponse::Ok().body("The controls of usher's sandbox: see docs/sandbox.md\n")),
        )
        .route("/journal", web::get().to(journal))
        .route("/requests", web::get().to(async |state: State| HttpResponse::Ok().json(state.world().requests.list())))
        .route("/accounts", web::get().to(accounts))
        .route("/users", web::get().to(users))
        .route("/users", web::put().to(put_users))
        .route("/users", web::delete().to(delete_user))
        .route("/crowd", web::put().to(put_crowd))
        .route("/groups", web::put().to(put_groups))
        .route("/groups", web::delete().to(delete_group))
        .route("/applications", web::put().to(put_application))
        .route("/issues", web::get().to(issues))
        .route("/issues", web::put().to(set_done))
        .route("/members", web::put().to(add_member))
        .route("/members", web::delete().to(remove_member))
        .route("/audit", web::post().to(write_audit))
        .route("/manners", web::put().to(set_manners))
        .route("/faults", web::get().to(async |state: State| HttpResponse::Ok().json(state.world().faults.list())))
        .route("/faults", web::post().to(inject))
        .route("/faults", web::delete().to(async |state: State| done(state.world().faults.remove(None))))
        .route("/faults/{id}", web::delete().to(remove_fault))
        .route("/limits", web::put().to(set_limit))
        .route("/limits", web::delete().to(lift_limit))
        .route("/reset", web::post().to(reset));
}

/// 200 whether or not anything changed; the body says which.
fn done(changed: bool) -> HttpResponse {
    HttpResponse::Ok().json(changed)
}

fn done_or_missing(result: Result<bool, NoSuch>) -> HttpResponse {
    match result {
        Ok(changed) => done(changed),
        Err(missing) => HttpResponse::NotFound().json(missing.to_string()),
    }
}

async fn journal(state: State, query: web::Query<After>) -> HttpResponse {
    HttpResponse::Ok().json(state.world().journal.after(query.after))
}

/// The users of a site with their groups, in the order of creation.
pub(in crate::sandbox) fn listed(world: &mut World, site: Product) -> Vec<Listed> {
    let residents = world.site(site).residents_from(Serial(0));
    residents.map(|(_, one)| Listed { account: one.account.clone(), groups: one.groups.clone() }).collect()
}

async fn users(state: State, of: web::Query<OfSite>) -> HttpResponse {
    HttpResponse::Ok().json(listed(&mut state.world(), of.site))
}

/// The accounts that usher acts with, one a site.
async fn accounts(state: State) -> HttpResponse {
    let mut world = state.world();
    let own = |site: Product| {
        let site_of = world.site(site);
        let resident = site_of.by_name(ACCOUNT).and_then(|serial| site_of.resident(serial))?;
        let Account { id, name, email, .. } = resident.account.clone();
        Some(Own { site, id, name, email, groups: resident.groups.clone() })
    };
    HttpResponse::Ok().json(crate::sandbox::products().filter_map(own).collect::<Vec<_>>())
}

/// Whether `id` is of the account that usher acts with.
fn is_own(site: &crate::sandbox::world::site::Site, id: &str) -> bool {
    site.by_name(ACCOUNT).is_some_and(|own| site.by_id(id) == Some(own))
}

fn guarded(what: &str, instead: &str) -> HttpResponse {
    HttpResponse::Conflict().json(format!("{what} is what usher acts with in this site; {instead}"))
}

async fn put_users(state: State, of: web::Query<OfSite>, accounts: web::Json<Vec<Account>>) -> HttpResponse {
    let mut world = state.world();
    let site = world.site(of.site);
    if let Some(taken) = accounts.iter().find(|account| account.name != ACCOUNT && is_own(site, &account.id)) {
        return guarded(&format!("the account `{}`", taken.id), "choose another id");
    }
    for account in accounts.into_inner() {
        world.site(of.site).put(account);
    }
    done(true)
}

/// Deletes a user.
pub(in crate::sandbox) fn forget(world: &mut World, site: Product, user: &str) -> bool {
    let site = world.site(site);
    site.by_id(user).is_some_and(|serial| site.delete(serial))
}

async fn delete_user(state: State, of: web::Query<Removal>) -> HttpResponse {
    let mut world = state.world();
    if !of.force && is_own(world.site(of.site), &of.user) {
        return guarded(&format!("the account `{}`", of.user), "add `&force=true` if you mean it");
    }
    done(forget(&mut world, of.site, &of.user))
}

async fn put_crowd(state: State, of: web::Query<OfSite>, crowd: web::Json<Population>) -> HttpResponse {
    let mut world = state.world();
    let site = world.site(of.site);
    if let Some(taken) = crowd.ids().find(|id| is_own(site, id)) {
        return guarded(&format!("the account `{taken}`"), "choose other numbers with `first`");
    }
    crowd.settle(site);
    done(true)
}

/// Creates an application with its groups, or replaces it.
pub(in crate::sandbox) fn install(world: &mut World, site: Product, application: Application) {
    let site = world.site(site);
    for group in application.giving_access() {
        site.add_group(group);
    }
    site.applications.put(application);
}

async fn put_application(state: State, of: web::Query<OfSite>, application: web::Json<Application>) -> HttpResponse {
    install(&mut state.world(), of.site, application.into_inner());
    done(true)
}

async fn issues(state: State, of: web::Query<OfSite>) -> HttpResponse {
    HttpResponse::Ok().json(&state.world().site(of.site).issues)
}

/// Moves an issue to done, or back; false if there is none of that key.
pub(in crate::sandbox) fn transition(world: &mut World, site: Product, key: &str, done: bool) -> bool {
    let issue = world.site(site).issues.iter_mut().find(|issue| issue.key == key);
    issue.map(|issue| issue.done = done).is_some()
}

async fn set_done(state: State, of: web::Query<OfIssue>) -> HttpResponse {
    done(transition(&mut state.world(), of.site, &of.key, of.done))
}

async fn put_groups(state: State, of: web::Query<OfSite>, names: web::Json<Vec<String>>) -> HttpResponse {
    let mut world = state.world();
    for name in names.iter() {
        world.site(of.site).add_group(name);
    }
    done(true)
}

async fn delete_group(state: State, of: web::Query<GroupRemoval>) -> HttpResponse {
    if !of.force && of.name == ADMIN_GROUP {
        return guarded(&format!("the group `{ADMIN_GROUP}`"), "add `&force=true` if you mean it");
    }
    done(state.world().site(of.site).delete_group(&of.name))
}

/// Puts a user into a group, as somebody else would.
pub(in crate::sandbox) fn join(world: &mut World, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
    let mut editor = world.editor(site, SOMEONE);
    let serial = editor.find(user, group)?;
    Ok(editor.add_member(serial, group))
}

/// Takes a user out of a group, as somebody else would.
pub(in crate::sandbox) fn leave(world: &mut World, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
    let mut editor = world.editor(site, SOMEONE);
    let serial = editor.find(user, group)?;
    Ok(editor.remove_member(serial, group))
}

async fn add_member(state: State, of: web::Query<Membership>) -> HttpResponse {
    done_or_missing(join(&mut state.world(), of.site, &of.user, &of.group))
}

async fn remove_member(state: State, of: web::Query<Membership>) -> HttpResponse {
    done_or_missing(leave(&mut state.world(), of.site, &of.user, &of.group))
}

async fn write_audit(state: State, of: web::Query<OfEntry>) -> HttpResponse {
    match audit::write(&mut state.world(), of.site, of.happened, &of.user, of.at) {
        Ok(at) => HttpResponse::Ok().json(at),
        Err(missing) => HttpResponse::NotFound().json(missing.to_string()),
    }
}

async fn set_manners(state: State, of: web::Query<OfSite>, audit_behaviour: web::Json<AuditBehaviour>) -> HttpResponse {
    state.world().site(of.site).audit.audit_behaviour = audit_behaviour.into_inner();
    done(true)
}

async fn inject(state: State, fault: web::Json<Fault>) -> HttpResponse {
    HttpResponse::Ok().json(FaultId { id: state.world().inject(fault.into_inner()) })
}

async fn remove_fault(state: State, id: web::Path<u64>) -> HttpResponse {
    done(state.world().faults.remove(Some(*id)))
}

async fn set_limit(state: State, of: web::Query<OfSite>, limit: web::Json<Limit>) -> HttpResponse {
    state.world().limit(of.site, Some(*limit));
    done(true)
}

async fn lift_limit(state: State, of: web::Query<OfSite>) -> HttpResponse {
    state.world().limit(of.site, None);
    done(true)
}

async fn reset(state: State) -> HttpResponse {
    state.world().reset();
    done(true)
}
