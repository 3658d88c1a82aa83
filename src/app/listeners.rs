//! The two listeners: public for webhooks, private for administrators.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    web,
};
use tokio::task::JoinSet;

use super::{Error, error::Listener};
use crate::{
    admin::{self, AdminState},
    intake::{self, Intake},
};

/// A request's head must arrive within this time; a body has its own limit.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Requests in the works are finished within this time when usher stops.
const DRAIN_SECONDS: u64 = 10;
/// Connections waiting to be accepted: a burst of senders is to wait, not to be turned away.
const BACKLOG: i32 = 4096;

/// Listeners, bound and not yet running.
#[derive(Default)]
pub(super) struct Listeners {
    servers: Vec<Server>,
}

impl Listeners {
    /// Binds the webhook listener.
    pub(super) fn webhooks(&mut self, address: SocketAddr, intake: Intake) -> Result<SocketAddr, Error> {
        let (socket, bound) = bind(Listener::Webhooks, address)?;
        let intake = web::Data::new(intake);
        let server = HttpServer::new(move || App::new().app_data(intake.clone()).configure(intake::configure))
            .client_request_timeout(HEAD_PATIENCE)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen(socket)
            .map_err(|error| Error::Listen { what: Listener::Webhooks, address, error })?;
        self.servers.push(server.run());
        Ok(bound)
    }

    /// Binds the admin listener.
    pub(super) fn admin(&mut self, address: SocketAddr, state: AdminState) -> Result<SocketAddr, Error> {
        let (socket, bound) = bind(Listener::Admin, address)?;
        let state = web::Data::new(state);
        let server = HttpServer::new(move || App::new().configure(admin::configure(state.clone())))
            .workers(1)
            .client_request_timeout(HEAD_PATIENCE)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen(socket)
            .map_err(|error| Error::Listen { what: Listener::Admin, address, error })?;
        self.servers.push(server.run());
        Ok(bound)
    }

    /// Starts what was bound; the handles are in the order of binding.
    pub(super) fn start(self) -> (JoinSet<io::Result<()>>, Vec<ServerHandle>) {
        let handles = self.servers.iter().map(Server::handle).collect();
        (self.servers.into_iter().collect(), handles)
    }
}

fn bind(what: Listener, address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let bind = || -> io::Result<_> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from(socket);
        let bound = socket.local_addr()?;
        Ok((socket, bound))
    };
    bind().map_err(|error| Error::Listen { what, address, error })
}
