//! Starting, holding and stopping a sandbox.

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
};

use actix_web::{App, HttpServer, dev::ServerHandle, web};
use url::Url;

use super::routes;
use crate::{
    config::Auth,
    domain::{Product, Timestamp},
    sandbox::{
        Account, Application, AuditAction, AuditBehaviour, Control, Entry, Fault, Injected, Issue, Limit, Listed,
        NoSuch, Population, Recorded, RequestCount,
        server::{Shared, handle},
        sites,
        world::{World, site::group_id},
    },
};

/// The longest body taken: enough to create 50,000 users at once.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// How a sandbox is started.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where faults that come by chance begin.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), seed: 0 }
    }
}

/// A running sandbox, on a thread of its own; ends when dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    origin: Url,
    server: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Binds and starts; fails where it can't listen.
    ///
    /// # Errors
    /// [`io::Error`] if the address can't be listened on, or the server or its thread can't be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        let origin = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(World::new(options.seed, sites::acting_ids()), origin.clone()));
        let (data, counting) = (web::Data::from(Arc::clone(&shared)), Arc::clone(&shared));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(MAX_BODY))
                .app_data(web::JsonConfig::default().limit(MAX_BODY))
                .service(web::scope("/_sandbox").configure(routes::routes))
                .default_service(web::to(handle))
        })
        .on_connect(move |_, _| {
            counting.connections.fetch_add(1, Ordering::Relaxed);
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || actix_web::rt::System::new().block_on(server))?;
        let origin = Url::parse(&origin).map_err(io::Error::other)?;
        Ok(Self { shared, origin, server: handle, thread: Some(thread) })
    }

    /// Ends it at once: open connections are cut. Returns when the port is free.
    ///
    /// # Errors
    /// [`io::Error`] if the server ended with an error, or its thread panicked.
    pub async fn stop(mut self) -> io::Result<()> {
        self.shared.world().faults.remove(None);
        self.server.stop(false).await;
        match self.thread.take() {
            None => Ok(()),
            Some(thread) => tokio::task::spawn_blocking(move || thread.join())
                .await?
                .unwrap_or_else(|_| Err(io::Error::other("the sandbox's thread panicked"))),
        }
    }

    /// Where it listens, and where its controls are.
    pub fn origin(&self) -> &Url {
        &self.origin
    }

    /// The base URL of a product's site; has a path.
    pub fn base_url(&self, product: Product) -> Url {
        let mut url = self.origin.clone();
        url.set_path(sites::of(product).prefix());
        url
    }

    /// The credentials that a product's site accepts.
    pub fn auth(&self, product: Product) -> Auth {
        sites::of(product).auth()
    }

    /// The same controls over HTTP.
    ///
    /// # Errors
    /// [`reqwest::Error`] if no HTTP client can be made.
    pub fn control(&self) -> reqwest::Result<Control> {
        Control::new(self.origin.clone())
    }

    /// Creates a user, or replaces the one of the same id, whose memberships stay. Not in the journal.
    pub fn put_user(&self, site: Product, account: Account) {
        self.shared.world().site(site).put(account);
    }

    /// Creates many users, or replaces those of the same ids. Not in the journal.
    pub fn put_crowd(&self, site: Product, crowd: &Population) {
        crowd.settle(self.shared.world().site(site));
    }

    /// Creates an application with its groups, or replaces it.
    pub fn put_application(&self, site: Product, application: Application) {
        self.shared.world().put_application(site, application);
    }

    /// The issues of a site, in the order of creation.
    pub fn issues(&self, site: Product) -> Vec<Issue> {
        self.shared.world().site(site).issues.clone()
    }

    /// Moves an issue to done, or back; false if there is none of that key.
    pub fn set_done(&self, site: Product, key: &str, done: bool) -> bool {
        self.shared.world().set_done(site, key, done)
    }

    /// Writes into the audit log of a site that a user logged in just now; gives when, by the site's clock.
    ///
    /// # Errors
    /// [`NoSuch::User`] if the site has no such user.
    pub fn log_in(&self, site: Product, user: &str) -> Result<Timestamp, NoSuch> {
        self.audit(site, AuditAction::LoggedIn, user, None)
    }

    /// Writes into the audit log of a site what happened to a user, at `at` by the site's clock or just now; gives when.
    ///
    /// # Errors
    /// [`NoSuch::User`] if the site has no such user.
    pub fn audit(
        &self,
        site: Product,
        happened: AuditAction,
        user: &str,
        at: Option<Timestamp>,
    ) -> Result<Timestamp, NoSuch> {
        self.shared.world().audit(site, happened, user, at)
    }

    /// How the audit log of a site behaves from now on.
    pub fn audit_manners(&self, site: Product, audit_behaviour: AuditBehaviour) {
        self.shared.world().site(site).audit.audit_behaviour = audit_behaviour;
    }

    /// Deletes a user; false if there was none. Not in the journal.
    pub fn delete_user(&self, site: Product, user: &str) -> bool {
        self.shared.world().delete_user(site, user)
    }

    /// Creates a group; false if it was there.
    pub fn put_group(&self, site: Product, name: &str) -> bool {
        self.shared.world().site(site).add_group(name)
    }

    /// Has a group come from an identity provider, so that it can be changed there alone; false if there is none.
    pub fn sync_group(&self, site: Product, name: &str) -> bool {
        self.shared.world().site(site).sync_group(name)
    }

    /// Adds a directory to an organisation, with nobody in it; the answer is its id.
    pub fn put_directory(&self, name: &str) -> String {
        self.shared.world().site(Product::AtlassianOrg).more_directories.push(name.to_owned());
        group_id(name)
    }

    /// Deletes a group, as somebody else would; false if there was none. Not in the journal.
    pub fn delete_group(&self, site: Product, name: &str) -> bool {
        self.shared.world().site(site).delete_group(name)
    }

    /// Puts a user into a group, as somebody else would; false if it was in it.
    ///
    /// # Errors
    /// [`NoSuch::User`] and [`NoSuch::Group`] if the site has none of that name.
    pub fn add_member(&self, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
        self.shared.world().add_member(site, user, group)
    }

    /// Takes a user out of a group, as somebody else would; false if it was not in it.
    ///
    /// # Errors
    /// As [`Sandbox::add_member`].
    pub fn remove_member(&self, site: Product, user: &str, group: &str) -> Result<bool, NoSuch> {
        self.shared.world().remove_member(site, user, group)
    }

    /// The users of a site with their groups, in the order of creation, the acting account first.
    pub fn users(&self, site: Product) -> Vec<Listed> {
        self.shared.world().users(site)
    }

    /// The groups of one user; none if there is no such user.
    pub fn groups_of(&self, site: Product, user: &str) -> Option<BTreeSet<String>> {
        let mut world = self.shared.world();
        let site = world.site(site);
        Some(site.resident(site.by_id(user)?)?.groups.clone())
    }

    /// All effective changes, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.world().journal.after(0).to_vec()
    }

    /// All requests to the products, counted.
    pub fn requests(&self) -> Vec<RequestCount> {
        self.shared.world().requests.list()
    }

    /// How many connections were made since it was started, those to the controls too.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Keeps the last `most` exchanges word by word from now on; none are kept before, and after a reset.
    pub fn record(&self, most: usize) {
        self.shared.world().record.keep(most);
    }

    /// The exchanges kept, the oldest first. A request that got no answer is not among them.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.shared.world().record.list()
    }

    /// Injects a fault; the answer is its id.
    pub fn inject(&self, fault: Fault) -> u64 {
        self.shared.world().inject(fault)
    }

    /// The faults in force, and how often they fired.
    pub fn faults(&self) -> Vec<Injected> {
        self.shared.world().faults.list()
    }

    /// Removes one fault; false if there was none.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.shared.world().faults.remove(Some(id))
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.remove(None);
    }

    /// Sets the rate limit of a site, with a full bucket; or lifts it.
    pub fn limit(&self, site: Product, limit: Option<Limit>) {
        self.shared.world().limit(site, limit);
    }

    /// Makes all as at the start.
    pub fn reset(&self) {
        self.shared.world().reset();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.server.stop(false)); // the command is sent by the call; only its completion is not awaited
    }
}

/// Runs a sandbox as a process of its own until it is interrupted or terminated. `ready` is called once it listens.
///
/// # Errors
/// Those of [`Sandbox::start`] and [`Sandbox::stop`]; [`io::Error`] if the signals can't be waited for.
pub async fn serve(options: Options, ready: impl FnOnce(&Sandbox)) -> io::Result<()> {
    let sandbox = Sandbox::start(options)?;
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    ready(&sandbox);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    sandbox.stop().await
}
