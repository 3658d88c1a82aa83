//! What usher tells of what it has written, and of what is paused.

use reqwest::{Method, StatusCode};
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

const EVERYBODY: &str = "
    { id: everybody, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_and_what_is_paused_is_told() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let account = Account::new("KEY1", "jane");
    ground.sandbox.put_user(ACME.product, account.clone());
    usher.tell(ACME, Happening::Created, &account).await;
    usher.drain().await;
    let at_least = async |series: &str, least: f64| {
        eventually(series, || async { usher.metric(series).await.filter(|value| *value >= least) }).await
    };
    // The event, the decision, the attempt, the outcome, what was seen of the user.
    at_least("usher_append_seconds_count", 4.0).await;
    at_least("usher_data_free_bytes", 1.0).await;
    at_least("usher_data_bytes{part=\"log\"}", 4096.0).await;
    at_least("usher_data_bytes{part=\"state\"}", 4096.0).await;
    let nothing = async |series: &str| {
        eventually(series, || async { usher.metric(series).await.filter(|value| *value == 0.0) }).await
    };
    for stream in ["decisions", "outcomes", "dead-letters", "sweeps", "sweep-progress", "activity", "admin-actions"] {
        nothing(&format!("usher_view_lag_records{{stream=\"{stream}\"}}")).await;
    }

    let paused = ["usher_paused{id=\"acme\",kind=\"source\"}", "usher_paused{id=\"everybody\",kind=\"scheme\"}"];
    for (verb, value) in [("pause", 1.0), ("resume", 0.0)] {
        for path in ["sources/acme", "schemes/everybody"] {
            let (status, _, answer) = usher.send(Method::POST, &format!("{path}/{verb}"), &[], "").await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
        }
        for series in paused {
            eventually(series, || async { usher.metric(series).await.filter(|now| *now == value) }).await;
        }
    }
}
