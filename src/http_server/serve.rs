//! A listener: the server that answers on a bound socket.

use std::{fmt, io, net::TcpListener, sync::Arc};

use actix_http::{HttpService, KeepAlive, Protocol, Request, Response, body::MessageBody, error::DispatchError};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config,
};
use actix_web::{dev::AppConfig, rt::net::TcpStream};
use tracing::warn;

use super::{Closed, DeadlineStream, Pool, Timeouts, stream::OnClose};
use crate::{metrics::Metrics, rate_limited_log::LogLimiter};

/// The settings of a listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name in metrics and logs.
    pub name: &'static str,
    /// The number of threads; none: one for each core.
    pub workers: Option<usize>,
    /// The highest number of connections.
    pub connections: usize,
    /// The time limits of each connection.
    pub timeouts: Timeouts,
    /// The time for begun requests when the server stops.
    pub drain_seconds: u64,
    /// Counts closed connections and malformed requests.
    pub metrics: Metrics,
}

/// Answers with `app` on `socket`. The server runs when it is awaited.
///
/// # Errors
/// If the socket can't be listened on.
pub fn serve<F, I, S, B>(listener: Listener, socket: TcpListener, app: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let Listener { name, workers, connections, timeouts, drain_seconds, metrics } = listener;
    let mut builder = Server::build().shutdown_timeout(drain_seconds).disable_signals();
    if let Some(workers) = workers {
        builder = builder.workers(workers);
    }
    let stopping = builder.graceful_shutdown_signal();
    let pool = Pool::new(connections);
    let malformed =
        Arc::new(Malformed { listener: name, metrics: metrics.clone(), lines: LogLimiter::once_a_minute() });
    let on_close = OnClose { listener: name, closed: metrics.connections_closed };
    let service = move || {
        let app = map_config(app(), |_| AppConfig::default()).map_err(|error| error.into().error_response());
        let app = apply_fn_factory(app, |request: Request, app: &_| mark(request, app));
        let stopping = stopping.clone();
        let http = HttpService::build()
            // The stream has the deadline: actix's own would run while the end of an answer waits to be taken.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(timeouts.head)
            // A socket that is closed with unread bytes sends a reset, which may overtake the answer.
            .client_disconnect_timeout(timeouts.linger)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|stream: &DeadlineStream<TcpStream>, data| {
                data.insert(Arc::clone(stream.connection()));
                data.insert(stream.timer().clone());
            })
            .finish(app);
        let (pool, on_close, malformed) = (Arc::clone(&pool), on_close.clone(), Arc::clone(&malformed));
        let admit = fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let admitted = pool.admit(peer.map(|peer| peer.ip()));
            if admitted.is_none() {
                on_close.count(Closed::Refused);
            }
            let place = admitted.ok_or(DispatchError::DisconnectTimeout);
            let guarded = place.map(|place| DeadlineStream::new(stream, place, timeouts, on_close.clone()));
            std::future::ready(guarded.map(|stream| (stream, Protocol::Http1, peer)))
        });
        admit.and_then(http).map_err(move |error| malformed.record(&error))
    };
    Ok(builder.listen(name, socket, service)?.run())
}

/// Marks on its connection that a request is in the works.
fn mark<S: Service<Request>>(
    request: Request,
    app: &S,
) -> impl Future<Output = Result<S::Response, S::Error>> + use<S> {
    let connection = request.conn_data::<Arc<super::Connection>>().cloned();
    if let Some(connection) = &connection {
        connection.begin_request();
    }
    let answer = app.call(request);
    async move {
        let answer = answer.await;
        if let Some(connection) = &connection {
            connection.end_request();
        }
        answer
    }
}

/// Counts requests that are no HTTP, and tells the log of them now and then.
struct Malformed {
    listener: &'static str,
    metrics: Metrics,
    lines: LogLimiter,
}

impl Malformed {
    fn record(&self, error: &DispatchError) {
        if !matches!(error, DispatchError::Parse(_)) {
            return;
        }
        self.metrics.malformed_requests.with_label_values(&[self.listener]).inc();
        if let Some(suppressed) = self.lines.permit() {
            // The content is not logged: strangers must not write to the log.
            warn!(listener = self.listener, suppressed, "a request that is no HTTP was refused");
        }
    }
}
