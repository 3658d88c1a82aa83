//! The admin listener from its first moment on: probes are answered at once, the API once usher is built.

use std::{
    rc::Rc,
    sync::{Arc, OnceLock},
};

use actix_web::{
    body::MessageBody,
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};

use super::{AdminState, Problem, Readiness, Shown};
use crate::metrics::Metrics;

/// The state behind the admin listener.
pub struct ListenerState {
    pub(super) readiness: Arc<dyn Readiness>,
    pub(super) metrics: Metrics,
    state: OnceLock<web::Data<AdminState>>,
}

impl ListenerState {
    /// A gate at which only probes and metrics are answered.
    pub fn new(readiness: Arc<dyn Readiness>, metrics: Metrics) -> Self {
        Self { readiness, metrics, state: OnceLock::new() }
    }

    /// Opens the API with `state`. Returns the shown part of the configuration, to be replaced when that is reloaded.
    pub fn open(&self, state: AdminState) -> Shown {
        let shown = state.shown();
        // A gate is opened once: an error says that it is open.
        let _open = self.state.set(web::Data::new(state));
        shown
    }

    /// The state that the API is answered from; none while usher starts.
    pub(crate) fn state(&self) -> Option<&web::Data<AdminState>> {
        self.state.get()
    }
}

/// Lets requests to the API in once there is something to answer them from.
///
/// # Errors
/// [`actix_web::Error`] of the handler that comes next.
pub(super) async fn pass(
    listener: web::Data<ListenerState>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let Some(state) = listener.state() else {
        let starting = "usher is starting; GET /readyz says what it waits for. Try again when that answers 200";
        return Ok(request.error_response(Problem::Unavailable(starting.into())).map_into_right_body());
    };
    let mut data = Extensions::new();
    data.insert(web::Data::clone(state));
    request.add_data_container(Rc::new(data));
    Ok(next.call(request).await?.map_into_left_body())
}
