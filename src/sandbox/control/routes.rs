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
        ACCOUNT, ADMIN_GROUP, Account, Application, AuditAction, AuditBehaviour, Fault, Limit, NoSuch, Population,
        server::Shared,
    },
};

/// The most users of one crowd.
const MAX_CROWD: u64 = 10_000_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfSite {
    pub site: Product,
}

/// A user to delete; the account that usher acts with only with `force`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OfUser {
    pub site: Product,
    pub user: String,
    #[serde(default)]
    pub force: bool,
}

/// A group to delete; the one of the administrators only with `force`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfGroup {
    site: Product,
    name: String,
    #[serde(default)]
    force: bool,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfEntry {
    site: Product,
    happened: AuditAction,
    user: String,
    at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct After {
    #[serde(default)]
    pub after: u64,
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

fn given_or_missing(result: Result<impl Serialize, NoSuch>) -> HttpResponse {
    match result {
        Ok(given) => HttpResponse::Ok().json(given),
        Err(missing) => HttpResponse::NotFound().json(missing.to_string()),
    }
}

async fn journal(state: State, query: web::Query<After>) -> HttpResponse {
    HttpResponse::Ok().json(state.world().journal.after(query.after))
}

async fn users(state: State, of: web::Query<OfSite>) -> HttpResponse {
    HttpResponse::Ok().json(state.world().users(of.site))
}

/// The accounts that usher acts with, one a site.
async fn accounts(state: State) -> HttpResponse {
    let mut world = state.world();
    let own = |site: Product| {
        let resident = world.site(site).acting()?;
        let Account { id, name, email, .. } = resident.account.clone();
        Some(Own { site, id, name, email, groups: resident.groups.clone() })
    };
    HttpResponse::Ok().json(crate::sandbox::products().filter_map(own).collect::<Vec<_>>())
}

/// Whether `id` is of the account that usher acts with.
fn is_own(site: &crate::sandbox::world::site::Site, id: &str) -> bool {
    site.acting().is_some_and(|own| own.account.id == id)
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

async fn delete_user(state: State, of: web::Query<OfUser>) -> HttpResponse {
    let mut world = state.world();
    if !of.force && is_own(world.site(of.site), &of.user) {
        return guarded(&format!("the account `{}`", of.user), "add `&force=true` if you mean it");
    }
    done(world.delete_user(of.site, &of.user))
}

async fn put_crowd(state: State, of: web::Query<OfSite>, crowd: web::Json<Population>) -> HttpResponse {
    if crowd.count > MAX_CROWD {
        let told =
            format!("a crowd of {} does not fit into memory; {MAX_CROWD} users at once are the most", crowd.count);
        return HttpResponse::BadRequest().json(told);
    }
    let mut world = state.world();
    let site = world.site(of.site);
    if let Some(taken) = crowd.ids().find(|id| is_own(site, id)) {
        return guarded(&format!("the account `{taken}`"), "choose other numbers with `first`");
    }
    crowd.settle(site);
    done(true)
}

async fn put_application(state: State, of: web::Query<OfSite>, application: web::Json<Application>) -> HttpResponse {
    state.world().put_application(of.site, application.into_inner());
    done(true)
}

async fn issues(state: State, of: web::Query<OfSite>) -> HttpResponse {
    HttpResponse::Ok().json(&state.world().site(of.site).issues)
}

async fn set_done(state: State, of: web::Query<OfIssue>) -> HttpResponse {
    done(state.world().set_done(of.site, &of.key, of.done))
}

async fn put_groups(state: State, of: web::Query<OfSite>, names: web::Json<Vec<String>>) -> HttpResponse {
    let mut world = state.world();
    for name in names.iter() {
        world.site(of.site).add_group(name);
    }
    done(true)
}

async fn delete_group(state: State, of: web::Query<OfGroup>) -> HttpResponse {
    if !of.force && of.name == ADMIN_GROUP {
        return guarded(&format!("the group `{ADMIN_GROUP}`"), "add `&force=true` if you mean it");
    }
    done(state.world().site(of.site).delete_group(&of.name))
}

async fn add_member(state: State, of: web::Query<Membership>) -> HttpResponse {
    given_or_missing(state.world().add_member(of.site, &of.user, &of.group))
}

async fn remove_member(state: State, of: web::Query<Membership>) -> HttpResponse {
    given_or_missing(state.world().remove_member(of.site, &of.user, &of.group))
}

async fn write_audit(state: State, of: web::Query<OfEntry>) -> HttpResponse {
    given_or_missing(state.world().audit(of.site, of.happened, &of.user, of.at))
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
